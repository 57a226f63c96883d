"""Which precision the hardware supports, and the dtype policy that it gives to layers."""

import keras
import pytest
import tensorflow as tf

from vaezoo.networks import conv_decoder, conv_encoder, discriminator, mlp_decoder, mlp_encoder, precision
from vaezoo.networks.precision import compute_precision, cpu_flags, precision_scope, resolve_precision

INTEL = "processor\t: 0\nflags\t\t: fpu sse avx512f {}\nbugs\t\t: spectre_v1\n"


@pytest.fixture
def hardware(monkeypatch, tmp_path):
    """Makes TensorFlow and /proc/cpuinfo tell of other hardware: flags of the CPU, and a capability for each GPU."""

    def have(flags="", *gpus):
        (tmp_path / "cpuinfo").write_text(INTEL.format(flags))
        monkeypatch.setattr(precision, "cpu_flags", lambda: cpu_flags(tmp_path / "cpuinfo"))
        monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: list(range(len(gpus))))
        details = [{} if capability is None else {"compute_capability": capability} for capability in gpus]
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details[gpu])

    return have


@pytest.mark.parametrize(
    "hardware_there, native",
    [
        (["avx512_vnni"], False),
        (["avx512_bf16"], True),
        (["amx_tile amx_bf16"], True),
        (["", (8, 0)], True),
        (["", (9, 0), (8, 6)], True),
        (["amx_bf16", (7, 5)], False),  # the GPU computes
        (["amx_bf16", (8, 0), (7, 5)], False),
        (["amx_bf16", None], False),
    ],
)
def test_auto_is_bfloat16_where_the_hardware_has_it(hardware_there, native, hardware):
    hardware(*hardware_there)
    assert precision.native_bfloat16() is native
    assert resolve_precision("auto") == ("bfloat16" if native else "float32")
    assert [resolve_precision(name) for name in ("float32", "bfloat16")] == ["float32", "bfloat16"]


def test_other_systems_have_no_flags(tmp_path):
    assert cpu_flags(tmp_path / "cpuinfo") == set()
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert cpu_flags(tmp_path / "cpuinfo") == set()


@pytest.mark.parametrize("name", ["bf16", "float16", "mixed_bfloat16", "", True, 16, ["float32"]])
def test_another_precision_is_refused(name):
    with pytest.raises(ValueError, match="Unknown precision .* Choose from: float32, bfloat16, auto."):
        resolve_precision(name)


@pytest.mark.parametrize("before", ["float32", "mixed_bfloat16", "float64"])
def test_the_global_policy_is_as_it_was_also_after_an_error(before):
    keras.config.set_dtype_policy(before)
    policy = keras.config.dtype_policy()
    for name, inside in {"float32": "float32", "bfloat16": "mixed_bfloat16", None: before}.items():
        with pytest.raises(ZeroDivisionError), precision_scope(name):
            assert keras.config.dtype_policy().name == inside
            raise ZeroDivisionError
        assert keras.config.dtype_policy() is policy
    with pytest.raises(ValueError, match="Unknown precision 'half'"), precision_scope("half"):
        pass
    assert keras.config.dtype_policy() is policy


def test_the_narrowest_layer_is_the_precision_of_networks():
    """The dtype of a model as a whole is that of the global policy when the model was made, and not of its layers."""
    networks = {}
    for name in ("float32", "bfloat16"):
        with precision_scope(name):
            networks[name] = mlp_encoder((4, 4, 1), 2, hidden=(3,))
    assert [compute_precision(network) for network in networks.values()] == ["float32", "bfloat16"]
    assert compute_precision(*networks.values()) == "bfloat16"
    x = keras.Input((4, 4, 1))
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert compute_precision(keras.Model(x, networks["float32"](x))) == "float32"
    assert compute_precision(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, dtype="float64")])) == "float64"


@pytest.mark.parametrize(
    "builder, options, dtype",
    [
        (mlp_encoder, {"hidden": (3,)}, "float32"),
        (mlp_decoder, {"hidden": (3,)}, "bfloat16"),
        (conv_encoder, {"filters": (3,), "width": 3}, "float32"),
        (conv_decoder, {"filters": (3,), "width": 3}, "bfloat16"),
        (lambda _, size, **options: discriminator(size, **options), {"width": 3, "depth": 1}, "float32"),
    ],
)
def test_the_decoders_head_computes_in_bfloat16_and_others_do_not(builder, options, dtype):
    with precision_scope("bfloat16"):
        network = builder((7, 7, 1), 2, **options)
    *hidden, head = [layer for layer in network.layers if layer.weights]
    assert {layer.compute_dtype for layer in hidden} == {"bfloat16"} and head.compute_dtype == dtype
    assert network.output.dtype == dtype and {variable.dtype for variable in network.variables} == {"float32"}

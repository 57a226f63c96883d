"""The exported artifact: its outputs equal the model's, and it is hardly larger than the weights."""

import json
import re

import numpy as np
import pytest
import tensorflow as tf
from small import small_model
from tensorflow.core.protobuf import saved_model_pb2

import vaezoo
from vaezoo.serving import about_run, export

every_model = pytest.mark.parametrize("name", vaezoo.MODELS)
SIGNATURES = {"serving_default", "encode", "encode_bytes", "decode", "reconstruct", "traverse", "score"}


def operations(version):
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    return {
        node.op for part in [graph.node, *(function.node_def for function in graph.library.function)] for node in part
    }


@every_model
def test_endpoints_equal_the_model(name, images, tmp_path):
    model, rng = small_model(name), np.random.default_rng(0)
    for variable in [*model.encoder.trainable_variables, *model.decoder.trainable_variables]:
        variable.assign_add(0.2 * rng.standard_normal(variable.shape))  # new biases are all 0
    signatures = tf.saved_model.load(str(export(model, tmp_path))).signatures
    assert set(signatures) == SIGNATURES
    q = model.encode(images)
    for endpoint in ("encode", "serving_default"):
        outputs = signatures[endpoint](image=tf.constant(images))
        np.testing.assert_allclose(outputs["mean"], q.mu, atol=1e-6)
        np.testing.assert_allclose(outputs["log_var"], q.log_var, atol=1e-6)
    labels = {key: outputs[key] for key in outputs if key.startswith("label")}
    decoded = signatures["decode"](mean=q.mu, **labels)["image"]
    np.testing.assert_allclose(decoded, model.decode(q.mode()).mean(), atol=1e-6)
    np.testing.assert_allclose(
        signatures["reconstruct"](image=tf.constant(images[:1]))["image"], model.reconstruct(images[:1]), atol=1e-6
    )


@pytest.mark.parametrize(
    "preset, most",
    [("nonsyn_dsprites", 1.1), ("factor_vae_dsprites", 1.1), ("joint_vae_dsprites", 1.1), ("joint_vae_mnist", 1.1)],
)
def test_an_artifact_is_hardly_larger_than_its_weights(preset, most, tmp_path):
    """The presets with the largest ratio of graph to weights. Card and Keras configuration have limits of their own."""
    model = vaezoo.create(preset, seed=0)
    scores = {f"a_metric_with_a_long_name_{i}": i / 7 for i in range(100)}
    version = export(model, tmp_path, about={"scores": scores})
    weights = sum(v.numpy().nbytes for v in [*model.encoder.variables, *model.decoder.variables])
    sizes = {str(file.relative_to(version)): file.stat().st_size for file in version.rglob("*") if file.is_file()}
    assert sizes.pop("README.md") + sizes.pop("model.json") <= 32 * 1024 and sizes.pop("keras.json") <= 32 * 1024
    assert weights < sum(sizes.values()) <= most * weights
    assert weights < sum(size for name, size in sizes.items() if name.startswith("variables/")) <= 1.01 * weights


RANDOM = "Random|Multinomial|TruncatedNormal|Rng|NonDeterministicInts|Stateful(Uniform|Standard)|StatelessShuffle"


@pytest.mark.parametrize(
    "name, options",
    [*((name, {}) for name in vaezoo.MODELS), ("vae", {"latents": {"gaussian": 3, "categorical": [4]}})],
)
def test_no_endpoint_is_random_or_runs_python(name, options, tmp_path):
    found = operations(export(small_model(name, **options), tmp_path))
    assert {"MatMul", "Assert", "DecodePng"} <= found
    assert not [op for op in found if re.search(f"{RANDOM}|PyFunc|Dataset", op)]


def test_what_counts_as_random():
    drawing = "Multinomial StatelessMultinomial TruncatedNormal RngReadAndSkip RngSkip NonDeterministicInts "
    drawing += "RandomShuffle StatelessShuffle StatelessRandomNormalV2 StatefulUniformInt ParameterizedTruncatedNormal"
    for op in drawing.split():
        assert hasattr(tf.raw_ops, op) and re.search(RANDOM, op)


def test_nothing_names_the_machine(tmp_path):
    folder = tmp_path / "a-private-place"
    folder.mkdir()
    config = {"dataset": str(folder / "shapes.npz"), "origin": "file shapes.npz", "workdir": str(folder), "steps": 7}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "metrics.csv").write_text("step,loss\n7,50.5\n")
    version = export(small_model("vae"), folder / "served", about=about_run(folder))
    assert json.loads((version / "model.json").read_text())["training"]["dataset"] == "shapes.npz"
    private = [str(tmp_path), "a-private-place", vaezoo.__path__[0], "site-packages", ".writing", ".py"]
    for file in version.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not [word for word in private if word.encode() in content], file


@pytest.mark.parametrize("options", [{"keep": 0}, {"max_batch": 0}])
def test_impossible_options_are_refused(options, tmp_path):
    with pytest.raises(ValueError, match=next(iter(options))):
        export(small_model("vae"), tmp_path / "served", **options)
    assert not (tmp_path / "served").exists()

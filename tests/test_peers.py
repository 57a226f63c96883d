"""The PyTorch steps that ours are compared with: the same losses, and the operations that both frameworks count."""

import dataclasses
import sys

import numpy as np
import pytest

from benchmarks.peers import cells, cpu, flops, worker
from benchmarks.peers.compare import report
from vaezoo.presets import PRESETS

CELLS = cells.CELLS


def test_flops_of_layers_are_those_counted_by_hand():
    assert flops.dense(3, 5) == 2 * 15
    assert flops.convolution(8, 4, 3, 5) == 8 * 4 * 5 * (4 * 4 * 3) * 2  # outputs times the size of a kernel
    # 64x64x1 to 32x32x32, 16x16x32, 8x8x64, 4x4x64, then 1024 to 128 to 20
    macs = [32 * 32 * 32 * 16, 16 * 16 * 32 * 512, 8 * 8 * 64 * 512, 4 * 4 * 64 * 1024, 1024 * 128, 128 * 20]
    assert flops.encoder_layers(CELLS["nonsyn_conv"]) == [2 * n for n in macs]
    # 10 to 128 to 1024, then 4x4x64 to 8x8x64, 16x16x32, 32x32x32, 64x64x1
    macs = [1280, 128 * 1024, 4 * 4 * 64 * 1024, 8 * 8 * 64 * 512, 16 * 16 * 32 * 512, 32 * 32 * 32 * 16]
    assert flops.decoder_layers(CELLS["nonsyn_conv"]) == [2 * n for n in macs]


def test_flops_of_a_step_are_those_counted_by_hand():
    macs = [784 * 500, 500 * 500, 500 * 30, 20 * 500, 500 * 500, 500 * 784]
    assert flops.step_flops(CELLS["joint_vae_mlp_784"]) == 64 * 2 * (3 * sum(macs) - macs[0])
    assert flops.update([7]) == 14  # one layer on images: forward, and the gradient of its weights
    assert flops.update([7, 11]) == 14 + 33


def test_cells_are_presets():
    nonsyn, joint = PRESETS["nonsyn_dsprites"], PRESETS["imae_paper_joint_vae_dsprites"]
    conv, mlp = CELLS["nonsyn_conv"], CELLS["joint_vae_mlp_4096"]
    assert (conv.network, conv.hyperparameters, conv.batch_size) == ("conv", nonsyn.hyperparameters, nonsyn.batch_size)
    assert (mlp.encoder, mlp.decoder) == (joint.network["encoder"]["hidden"], joint.network["decoder"]["hidden"])
    assert (mlp.gaussian, mlp.categorical) == (joint.latents["gaussian"], joint.latents["categorical"])


def test_cpu_flags_are_read():
    flags = cpu.cpu_flags("model name\t: any\nflags\t\t: fpu avx2 avx512_bf16\nflags\t\t: fpu\n")
    assert flags == ["avx2", "avx512_bf16"] and cpu.multiplies_bfloat16(flags)
    assert not cpu.multiplies_bfloat16(["avx2", "avx512f"]) and cpu.cpu_flags("") == []


def test_a_report_compares_with_the_fastest_tuned_step():
    times = {
        ("vaezoo", "graph"): [[2.0, 2.0], [2.0, 2.0]],
        ("PyTorch", "plain"): [[1.0, 1.0], [1.0, 1.0]],
        ("PyTorch", "tuned"): [[3.0, 3.0], [5.0, 5.0]],
        ("PyTorch", "tuned, compiled"): [[8.0, 8.0], [8.0, 8.0]],
    }
    lines = report(CELLS["nonsyn_conv"], times, "graph", 1000.0)
    assert next(line for line in lines if "graph" in line).endswith("| 2.00 (1.50 to 2.50) |")


def test_a_worker_answers_and_says_where_it_ended(tmp_path, monkeypatch):
    (tmp_path / "echo.py").write_text(
        "from benchmarks.peers.worker import serve\n"
        "def shout(word):\n    print('noise')\n    return word.upper()\n"
        "serve({'shout': shout})\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with worker.Worker(sys.executable, "echo") as echo:
        assert echo.ask("shout", word="a") == "A"
        with pytest.raises(RuntimeError, match="echo ended with exit code 1 at 'whisper'"):
            echo.ask("whisper")


class TestSteps:
    """The PyTorch steps against vaezoo's, on the same weights and images, without noise."""

    torch = None

    @pytest.fixture(autouse=True)
    def pytorch(self):
        reason = "PyTorch is not installed: it comes with the extra 'peers'."
        type(self).torch = pytest.importorskip("torch", reason=reason)

    @pytest.fixture
    def no_noise(self, monkeypatch):
        import tensorflow as tf

        from benchmarks.peers import torch_steps

        monkeypatch.setattr("vaezoo.latents.gaussian.standard_normal", lambda key, shape: tf.zeros(shape))
        monkeypatch.setattr("vaezoo.latents.categorical.gumbel", lambda key, shape: tf.zeros(shape))
        monkeypatch.setattr(torch_steps, "standard_normal", self.torch.zeros_like)
        monkeypatch.setattr(torch_steps, "gumbel", self.torch.zeros_like)

    @pytest.mark.parametrize("variant", ["plain", "tuned"])
    @pytest.mark.parametrize("cell", ["nonsyn_conv", "joint_vae_mlp_784"])
    def test_losses_of_three_steps_are_ours(self, cell, variant, no_noise):
        from benchmarks.peers.torch_steps import STEPS
        from benchmarks.peers.vaezoo_worker import create

        cell = CELLS[cell]
        ours, theirs = create(cell, False), STEPS[cell.model](cell, variant)
        self.copy_weights(ours, theirs)
        images = cells.images_of(cell)
        x = theirs.images(images)
        for _ in range(3):
            loss = ours.train_on_batch(images, return_dict=True)["loss"]
            ours.reset_metrics()
            assert float(theirs(x)) == pytest.approx(float(loss), rel=1e-5)

    def test_the_loss_in_bfloat16_is_ours(self, no_noise):
        from benchmarks.peers.torch_steps import STEPS
        from benchmarks.peers.vaezoo_worker import create

        cell = dataclasses.replace(CELLS["nonsyn_conv_bfloat16"], batch_size=2)  # slow on most CPUs
        ours, theirs = create(cell, False), STEPS[cell.model](cell, "tuned")
        assert ours.encoder.layers[1].compute_dtype == "bfloat16"
        self.copy_weights(ours, theirs)
        images = cells.images_of(cell)
        loss = ours.train_on_batch(images, return_dict=True)["loss"]
        assert float(theirs(theirs.images(images))) == pytest.approx(float(loss), rel=1e-3)

    @pytest.mark.parametrize("cell", ["nonsyn_conv", "joint_vae_mlp_4096", "joint_vae_mlp_784"])
    def test_pytorch_counts_the_same_flops(self, cell):
        from torch.utils.flop_counter import FlopCounterMode

        from benchmarks.peers.torch_steps import STEPS

        cell = CELLS[cell]
        step = STEPS[cell.model](cell, "plain")
        with FlopCounterMode(display=False) as counter:
            step(step.images(cells.images_of(cell)))
        assert counter.get_total_flops() == flops.step_flops(cell)

    @pytest.mark.parametrize("omega", [0.5, 0.9, 1.0])
    def test_worst_subset_is_ours(self, omega):
        import tensorflow as tf

        from benchmarks.peers.torch_steps import worst_subset
        from vaezoo.terms import worst_subset as ours

        K = np.exp(np.random.default_rng(0).uniform(-7, 3, (100, 10))).astype(np.float32)
        theirs = [worst_subset(row, omega).tolist() for row in self.torch.from_numpy(K)]
        assert theirs == ours(tf.constant(K), omega).numpy().tolist()
        assert worst_subset(self.torch.zeros(4), omega).tolist() == [1, 1, 1, 1]

    def copy_weights(self, ours, theirs):
        """Copies a vaezoo model's weights: kernels [..., in, out] are PyTorch's in another order of axes."""
        for network, layers in [(ours.encoder, theirs.encoder), (ours.decoder, theirs.decoder)]:
            kernels = [variable.numpy() for variable in network.trainable_variables]
            for value, parameter in zip(kernels, layers.parameters(), strict=True):
                smallest = (4, 4, 64)  # of the images between convolutions and fully connected layers
                conv = not theirs.channels_last and theirs.cell.network == "conv"
                if conv and value.shape == (1024, 128):  # its inputs are flattened in the order of the memory
                    value = value.reshape(*smallest, 128).transpose(2, 0, 1, 3).reshape(1024, 128)
                elif conv and value.shape == (128, 1024):
                    value = value.reshape(128, *smallest).transpose(0, 3, 1, 2).reshape(128, 1024)
                elif conv and value.shape == (1024,):
                    value = value.reshape(smallest).transpose(2, 0, 1).reshape(1024)
                axes = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}[value.ndim]
                parameter.data.copy_(self.torch.from_numpy(value.transpose(axes).copy()))

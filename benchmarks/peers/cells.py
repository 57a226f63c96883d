"""The training steps that are compared: networks, latents and objectives as plain data, without either framework."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """A training step that both frameworks implement.

    Attributes:
        name: the name of the cell.
        model: the objective, "nonsyn" or "joint_vae", as `vaezoo.create` takes it.
        network: "conv" or "mlp", as `vaezoo.create` takes it.
        image_shape: (height, width, channels) in pixels.
        encoder: the filters of the convolutions, or the units of the hidden layers.
        decoder: the filters of the transposed convolutions but the last, or the units of the hidden layers.
        gaussian: number of continuous latents.
        categorical: number of classes of each discrete latent.
        batch_size: images in a minibatch.
        minibatches: minibatches in a step.
        learning_rate: learning rate of Adam.
        hyperparameters: arguments of the objective.
        bfloat16: whether the networks compute in bfloat16 and keep float32 weights.
    """

    name: str
    model: str
    network: str
    image_shape: tuple[int, int, int]
    encoder: tuple[int, ...]
    decoder: tuple[int, ...]
    gaussian: int = 10
    categorical: tuple[int, ...] = ()
    batch_size: int = 64
    minibatches: int = 1
    learning_rate: float
    hyperparameters: Mapping[str, float]
    bfloat16: bool = False

    @property
    def parameters(self) -> int:
        """The length of the encoder's output: means, log-variances and logits."""
        return 2 * self.gaussian + sum(self.categorical)

    @property
    def code_size(self) -> int:
        """The length of the decoder's input."""
        return self.gaussian + sum(self.categorical)

    @property
    def dtype(self) -> str:
        """The dtype of the convolutions and matrix products."""
        return "bfloat16" if self.bfloat16 else "float32"


WIDTH = 128
"""Units of the fully connected layer between the convolutions and the latents (Kim & Mnih 2018, appendix A)."""

TEMPERATURE = 0.67
"""Temperature of the Gumbel-softmax samples."""

NONSYN = Cell(
    name="nonsyn_conv",
    model="nonsyn",
    network="conv",
    image_shape=(64, 64, 1),
    encoder=(32, 32, 64, 64),
    decoder=(64, 32, 32),
    minibatches=2,
    learning_rate=1e-4,
    hyperparameters={"alpha": 5.0, "omega": 0.9},
)
CELLS = {
    cell.name: cell
    for cell in (
        NONSYN,
        dataclasses.replace(NONSYN, name="nonsyn_conv_bfloat16", bfloat16=True),
        # IMAE's Table 2, as the preset imae_paper_joint_vae_dsprites without VAT
        Cell(
            name="joint_vae_mlp_4096",
            model="joint_vae",
            network="mlp",
            image_shape=(64, 64, 1),
            encoder=(1200, 1200, 2400),
            decoder=(1200, 1200, 1200),
            categorical=(3,),
            learning_rate=1e-3,
            hyperparameters={
                "gamma": 10.0,
                "z_capacity": 30.0,
                "z_steps": 50_000,
                "y_capacity": math.log(3),
                "y_steps": 25_000,
            },
        ),
        Cell(
            name="joint_vae_mlp_784",
            model="joint_vae",
            network="mlp",
            image_shape=(28, 28, 1),
            encoder=(500, 500),
            decoder=(500, 500),
            categorical=(10,),
            learning_rate=5e-4,
            hyperparameters={
                "gamma": 30.0,
                "z_capacity": 5.0,
                "z_steps": 25_000,
                "y_capacity": math.log(10),
                "y_steps": 25_000,
            },
        ),
    )
}


def images_of(cell: Cell) -> np.ndarray:
    """Returns the images of a step, float32 [minibatches * batch_size, H, W, C]: random 0 and 1."""
    shape = (cell.minibatches * cell.batch_size, *cell.image_shape)
    return np.random.default_rng(0).integers(0, 2, shape).astype(np.float32)

"""The published files of MPI3D, and their factors.

References:
    Gondal et al. 2019, "On the Transfer of Inductive Bias from Simulation to the Real World: a New Disentanglement
    Dataset": all combinations of 7 factors, as 64 x 64 x 3 pixels.
"""

from vaezoo.data.factors import FactorGrid

NAMES = (
    "object_color",
    "object_shape",
    "object_size",
    "camera_height",
    "background_color",
    "horizontal_axis",
    "vertical_axis",
)
FILES = {
    "mpi3d_toy": "mpi3d_toy.npz",
    "mpi3d_realistic": "mpi3d_realistic.npz",
    "mpi3d_real": "mpi3d_real.npz",
    "mpi3d_complex": "real3d_complicated_shapes_ordered.npz",
}
GRIDS = [
    FactorGrid(NAMES, (6, 6, 2, 3, 3, 40, 40)),  # toy, realistic, real: 1,036,800 images
    FactorGrid(NAMES, (4, 4, 2, 3, 3, 40, 40)),  # complex, and the toy set of the 2019 challenge: 460,800 images
]


def grid_of(count: int, name: str) -> FactorGrid:
    """Returns the grid of factors of a set of `count` images, which are in its order.

    Raises:
        ValueError: if no published set has this many images; `name` is that of the set.
    """
    for grid in GRIDS:
        if grid.size == count:
            return grid
    published = " or ".join(f"{grid.size:,}" for grid in GRIDS)
    raise ValueError(f"Expected the {published} images of MPI3D as '{name}'. Received: {count:,}")

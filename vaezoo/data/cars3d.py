"""Reader of the published MATLAB files of Cars3D.

References:
    Reed et al. 2015, "Deep Visual Analogy-Making": 183 cars from 4 elevations and 24 azimuths. Its factors are those
    of Locatello et al. 2019, as are the sizes of its images, 64 x 64.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaezoo.data.factors import FactorGrid
from vaezoo.data.guards import check_memory
from vaezoo.data.resizing import SIZE, reduced
from vaezoo.extras import extra

FACTORS = ("elevation", "azimuth", "object_type")
ELEVATIONS, AZIMUTHS, CARS = 4, 24, 183
FOLDERS = ("cars3d", "cars", "data/cars", "cars3d/data/cars")


def find(folders: Sequence[Path]) -> list[Path]:
    """Returns the .mat files in the first folder that has some, sorted, or an empty list."""
    places = (folder / name for folder in folders for name in FOLDERS)
    return next((files for place in places if (files := sorted(place.glob("*.mat")))), [])


def read_files(files: Sequence[Path], cars: int = CARS) -> tuple[npt.NDArray[np.uint8], FactorGrid]:
    """Reads the images of all cars, one car in each file, in the order of the files.

    Args:
        files: .mat files with `im`, uint8 [H, W, 3, 24, 4].
        cars: how many files there are.

    Returns:
        uint8 [4 * 24 * cars, 64, 64, 3], and the factors `FACTORS`.

    Raises:
        ValueError: if there are fewer or more files, or one is damaged.
        MissingExtraError: if SciPy is not installed.
    """
    with extra("metrics"):
        from scipy.io import loadmat

    if len(files) != cars:
        raise ValueError(f"Expected the {cars} .mat files of Cars3D in '{files[0].parent}'. Received: {len(files)}")
    check_memory(files[0].parent, ELEVATIONS * AZIMUTHS * cars * SIZE * SIZE * 3, f"{cars} cars")
    images = np.empty((ELEVATIONS, AZIMUTHS, cars, SIZE, SIZE, 3), np.uint8)
    for number, file in enumerate(files):
        try:
            im = loadmat(file, variable_names=["im"])["im"]
        except Exception as error:  # SciPy's parser raises errors of many types.
            raise ValueError(f"Expected `im` in '{file}'. Received: {type(error).__name__}: {error}") from error
        if im.ndim != 5 or im.shape[2:] != (3, AZIMUTHS, ELEVATIONS) or im.dtype != np.uint8:
            raise ValueError(f"Expected `im` in '{file}' to be uint8 [H, W, 3, 24, 4]. Received: {im.dtype} {im.shape}")
        views = np.moveaxis(im, (4, 3), (0, 1))  # [4, 24, H, W, 3]
        images[:, :, number] = reduced(views.reshape(-1, *views.shape[2:])).reshape(images[:, :, number].shape)
    return images.reshape(-1, SIZE, SIZE, 3), FactorGrid(FACTORS, (ELEVATIONS, AZIMUTHS, cars))

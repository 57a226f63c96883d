"""Ground-truth factors: their names, sizes and values, and the grid of all their combinations."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Classes = npt.NDArray[np.int64]


class Factors:
    """Names, sizes and values of F discrete factors.

    The class of a factor is an integer in `0 ... size - 1`.

    Args:
        names: the names of the F factors.
        sizes: the number of classes of each factor.
        values: the value that each class represents (a scale, an angle in radians, ...), one sequence of numbers for
            each factor, as long as its size. By default the value of a class is its number.

    Attributes:
        names, sizes, values: the above, as tuples; each of `values` is a float64 array.

    Raises:
        ValueError: if names, sizes and values do not match.
    """

    def __init__(self, names: Sequence[str], sizes: Sequence[int], values: Sequence[npt.ArrayLike] | None = None):
        """Initializes the factors; see the class."""
        self.names = tuple(names)
        self.sizes = tuple(int(size) for size in sizes)
        values = [range(size) for size in self.sizes] if values is None else values
        self.values = tuple(np.asarray(of_factor, np.float64) for of_factor in values)
        if not self.names or len(set(self.names)) != len(self.names) or min(self.sizes, default=0) < 1:
            raise ValueError(
                "Expected one or more different names and positive sizes. "
                f"Received: names={self.names}, sizes={self.sizes}"
            )
        if len(self.names) != len(self.sizes) or [v.shape for v in self.values] != [(s,) for s in self.sizes]:
            raise ValueError(
                "Expected one size for each name and one value for each class. Received: "
                f"names={self.names}, sizes={self.sizes}, values of shapes {[v.shape for v in self.values]}"
            )

    def __repr__(self) -> str:
        """Returns the names with their sizes."""
        sizes = ", ".join(f"{name}={size}" for name, size in zip(self.names, self.sizes, strict=True))
        return f"{type(self).__name__}({sizes})"

    def real(self, classes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Returns the values [n, F] that `classes` [n, F] represent.

        Raises:
            ValueError: if a class does not exist.
        """
        columns = np.moveaxis(self._checked(classes), -1, 0)
        return np.stack([value[c] for value, c in zip(self.values, columns, strict=True)], axis=-1)

    def column(self, factor: str | int) -> int:
        """Returns the column of a factor, given its name or its column.

        Raises:
            ValueError: if the factor does not exist.
        """
        if factor in self.names:
            return self.names.index(factor)
        if isinstance(factor, (int, np.integer)) and 0 <= factor < len(self.names):
            return int(factor)
        raise ValueError(f"Unknown factor {factor!r}. Choose from: {', '.join(self.names)}")

    def _checked(self, classes: npt.ArrayLike) -> Classes:
        classes = np.asarray(classes)
        known = classes.dtype.kind in "iu" and classes.ndim > 0 and classes.shape[-1] == len(self.sizes)
        if not known or (classes < 0).any() or (classes >= self.sizes).any():
            extent = f", {classes.min()} ... {classes.max()}" if classes.size else ""
            raise ValueError(
                f"Expected integer classes [n, {len(self.sizes)}], from 0 to below the sizes {self.sizes}. "
                f"Received: {classes.dtype} of shape {classes.shape}{extent}"
            )
        return classes


class FactorGrid(Factors):
    """All combinations of F discrete factors, in the order of the images.

    The last factor varies fastest: `index = ((c_0 * size_1 + c_1) * size_2 + c_2) ...`.

    Args:
        names: the names of the F factors.
        sizes: the number of classes of each factor.
        values: the value that each class represents, as of `Factors`.

    Attributes:
        names, sizes, values: as of `Factors`.
        size: the number of combinations, the product of `sizes`.

    Raises:
        ValueError: if names, sizes and values do not match.
    """

    def __init__(self, names: Sequence[str], sizes: Sequence[int], values: Sequence[npt.ArrayLike] | None = None):
        """Initializes the grid; see the class."""
        super().__init__(names, sizes, values)
        self.size = math.prod(self.sizes)

    def classes(self, indices: npt.ArrayLike) -> Classes:
        """Returns the classes [n, F] of the images at `indices` [n]."""
        return np.stack(np.unravel_index(np.asarray(indices), self.sizes), axis=-1)

    def indices(self, classes: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Returns the indices [n] of the images with `classes` [n, F].

        Raises:
            ValueError: if a class does not exist.
        """
        classes = self._checked(classes)
        return np.ravel_multi_index(tuple(np.moveaxis(classes, -1, 0)), self.sizes)

    def sample(
        self,
        n: int,
        *,
        seed: int | np.random.Generator,
        fixed: Mapping[str | int, npt.ArrayLike] | None = None,
    ) -> Classes:
        """Draws n combinations uniformly and independently, with some factors fixed.

        Args:
            n: the number of combinations.
            seed: an integer, or a NumPy generator, whose state advances.
            fixed: maps a factor (its name or column) to its class: one for all combinations, or [n].

        Returns:
            Classes [n, F]; `indices` maps them to indices of images.

        Raises:
            ValueError: if a factor or one of its classes does not exist, or `seed` is None.
        """
        if seed is None:
            raise ValueError("Expected `seed` to be an integer or a numpy.random.Generator. Received: None")
        classes = np.random.default_rng(seed).integers(self.sizes, size=(n, len(self.sizes)))
        for factor, value in (fixed or {}).items():
            classes[:, self.column(factor)] = value
        return self._checked(classes)

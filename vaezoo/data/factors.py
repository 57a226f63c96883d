"""The ground truth behind a data set: a grid of factors, one image at each of its points."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Classes = npt.NDArray[np.int64]


class FactorGrid:
    """Every combination of F discrete factors, in the order of the images.

    A factor's class is an integer in `0 ... size - 1`. The last factor varies fastest:
    `index = ((c_0 * size_1 + c_1) * size_2 + c_2) ...`.

    Args:
        names: the F names.
        sizes: the F numbers of classes.
        values: what the classes stand for, F sequences of numbers, as long as `sizes` says
            (a scale, an angle in radians, ...). By default a class stands for itself.

    Attributes:
        names, sizes, values: the above, as tuples; each of `values` is a float64 array.
        size: the number of points, the product of `sizes`.

    Raises:
        ValueError: if names, sizes and values do not match.
    """

    def __init__(self, names: Sequence[str], sizes: Sequence[int], values: Sequence[npt.ArrayLike] | None = None):
        self.names = tuple(names)
        self.sizes = tuple(int(size) for size in sizes)
        values = [range(size) for size in self.sizes] if values is None else values
        self.values = tuple(np.asarray(of_factor, np.float64) for of_factor in values)
        self.size = int(np.prod(self.sizes))
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

    def __repr__(self):
        sizes = ", ".join(f"{name}={size}" for name, size in zip(self.names, self.sizes, strict=True))
        return f"FactorGrid({sizes})"

    def classes(self, indices: npt.ArrayLike) -> Classes:
        """The classes [n, F] of the images at `indices` [n]."""
        return np.stack(np.unravel_index(np.asarray(indices), self.sizes), axis=-1)

    def indices(self, classes: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The indices [n] of the images with `classes` [n, F].

        Raises:
            ValueError: if a class does not exist.
        """
        classes = self._checked(classes)
        return np.ravel_multi_index(tuple(np.moveaxis(classes, -1, 0)), self.sizes)

    def real(self, classes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The values [n, F] which `classes` [n, F] stand for.

        Raises:
            ValueError: if a class does not exist.
        """
        columns = np.moveaxis(self._checked(classes), -1, 0)
        return np.stack([value[c] for value, c in zip(self.values, columns, strict=True)], axis=-1)

    def sample(
        self,
        n: int,
        *,
        seed: int | np.random.Generator,
        fixed: Mapping[str | int, npt.ArrayLike] | None = None,
    ) -> Classes:
        """Draws n points uniformly and independently, some of their factors held fixed.

        Args:
            n: how many.
            seed: an integer, or a NumPy generator, which moves on.
            fixed: factor (name or column) -> its class, one for all or [n], one for each.

        Returns:
            Classes [n, F]; `indices` turns them into indices of images.

        Raises:
            ValueError: if a factor or one of its classes does not exist.
        """
        if seed is None:
            raise ValueError("Expected `seed` to be an integer or a numpy.random.Generator. Received: None")
        classes = np.random.default_rng(seed).integers(self.sizes, size=(n, len(self.sizes)))
        for factor, value in (fixed or {}).items():
            classes[:, self.column(factor)] = value
        return self._checked(classes)

    def column(self, factor: str | int) -> int:
        """The column of a factor given by name, or by column already.

        Raises:
            ValueError: if there is no such factor.
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

"""Ground-truth factors that are given image by image: subsets of a grid, other orders, repeated combinations."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaezoo.data.factors import Classes, FactorGrid, Factors


class Lookup(NamedTuple):
    """The images of each combination: `order[starts[i] : starts[i] + counts[i]]` are those of combination i.

    Attributes:
        numbers: int64 [M], the combinations that have an image, ascending, numbered as by a `FactorGrid`.
        order: int64 [N], the indices of all images, by combination.
        starts: int64 [M].
        counts: int64 [M].
    """

    numbers: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


class FactorTable(Factors):
    """The factors of N images in any order, of which some combinations may have no image and others several.

    Args:
        names: the names of the F factors.
        sizes: the number of classes of each factor.
        classes: integers [N, F], from 0 to below the sizes: row n has the classes of image n.
        values: the value that each class represents, as of `Factors`.

    Attributes:
        names, sizes, values: as of `Factors`.
        size: the number of images, N.

    Raises:
        ValueError: if names, sizes, classes and values do not match, or the sizes have more than 2^62 combinations.
    """

    def __init__(
        self,
        names: Sequence[str],
        sizes: Sequence[int],
        classes: npt.ArrayLike,
        values: Sequence[npt.ArrayLike] | None = None,
    ):
        """Initializes the table; see the class."""
        super().__init__(names, sizes, values)
        self.grid = FactorGrid(names, sizes, values)
        if self.grid.size > 2**62:
            raise ValueError(f"Expected factors of at most 2^62 combinations. Received: {self.grid.size}, {self}")
        table = self._checked(classes)
        if table.ndim != 2 or not len(table):
            raise ValueError(f"Expected the classes of at least one image, [N, F]. Received: shape {table.shape}")
        self._table = table.astype(np.int64)
        self.size = len(table)

    def classes(self, indices: npt.ArrayLike) -> Classes:
        """Returns the classes [n, F] of the images at `indices` [n].

        Raises:
            ValueError: if there is no such image.
        """
        indices = np.asarray(indices)
        if indices.size and (indices.min() < 0 or indices.max() >= self.size):
            raise ValueError(
                f"Expected indices in 0 ... {self.size - 1}. Received: {indices.min()} ... {indices.max()}"
            )
        return self._table[indices]

    def indices(self, classes: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Returns the index [n] of the first image with each of the `classes` [n, F].

        Raises:
            ValueError: if a class does not exist, or no image has one of the combinations.
        """
        found = self.lookup
        numbers = self.grid.indices(classes)
        places = np.minimum(np.searchsorted(found.numbers, numbers), len(found.numbers) - 1)
        missing = found.numbers[places] != numbers
        if missing.any():
            first = np.asarray(classes).reshape(-1, len(self.sizes))[np.flatnonzero(missing)[0]]
            combination = ", ".join(f"{name}={value}" for name, value in zip(self.names, first, strict=True))
            raise ValueError(f"Expected combinations that have an image. Received: {combination}")
        return found.order[found.starts[places]]

    def sample(
        self,
        n: int,
        *,
        seed: int | np.random.Generator,
        fixed: Mapping[str | int, npt.ArrayLike] | None = None,
    ) -> Classes:
        """Draws the classes of n images, uniformly and independently among the images with the fixed factors.

        Args:
            n: the number of combinations.
            seed: an integer, or a NumPy generator, whose state advances.
            fixed: maps a factor (its name or column) to its class: one for all combinations, or [n].

        Returns:
            Classes [n, F].

        Raises:
            ValueError: if a factor does not exist, no image has the fixed classes, or `seed` is None.
        """
        if seed is None:
            raise ValueError("Expected `seed` to be an integer or a numpy.random.Generator. Received: None")
        rng = np.random.default_rng(seed)
        columns = [self.column(factor) for factor in fixed or {}]
        wanted = np.empty((n, len(columns)), np.int64)
        for number, value in enumerate((fixed or {}).values()):
            wanted[:, number] = value
        groups, group = np.unique(wanted, axis=0, return_inverse=True)
        rows = np.empty(n, np.int64)
        for number, of_group in enumerate(groups):
            among = np.flatnonzero((self._table[:, columns] == of_group).all(axis=1))
            if not len(among):
                names = ", ".join(f"{self.names[c]}={v}" for c, v in zip(columns, of_group, strict=True))
                raise ValueError(f"Expected classes that an image has. Received: {names}")
            members = np.flatnonzero(group.ravel() == number)
            rows[members] = rng.choice(among, size=len(members))
        return self._table[rows]

    @cached_property
    def lookup(self) -> Lookup:
        """The images of each combination."""
        numbers = self.grid.indices(self._table)
        order = np.argsort(numbers, kind="stable")
        present, starts, counts = np.unique(numbers[order], return_index=True, return_counts=True)
        return Lookup(present, order, starts, counts)

    @property
    def complete(self) -> bool:
        """Whether every combination has at least one image."""
        return len(self.lookup.numbers) == self.grid.size


def grid_or_table(
    names: Sequence[str], sizes: Sequence[int], classes: npt.ArrayLike, values: Sequence[npt.ArrayLike] | None = None
) -> FactorGrid | FactorTable:
    """Returns a `FactorGrid` if row n of `classes` [N, F] is combination n of all; otherwise a `FactorTable`.

    Raises:
        ValueError: as `FactorTable`.
    """
    table = FactorTable(names, sizes, classes, values)
    whole = table.size == table.grid.size and np.array_equal(
        table.grid.indices(table.classes(np.arange(table.size))), np.arange(table.size)
    )
    return table.grid if whole else table


def factors_of_images(
    factors: npt.ArrayLike, names: Sequence[str] | None, count: int, owner: str
) -> FactorGrid | FactorTable:
    """Builds the factors of a set from a column of numbers or names for each factor.

    The classes of a factor are its different values, in ascending order.

    Args:
        factors: [N, F] numbers, bools or strings.
        names: the F names; by default factor_0, factor_1, ...
        count: the number of images, N.
        owner: the name of the set, for error messages.

    Raises:
        ValueError: for another shape, values that are missing or cannot be ordered, continuous factors, and names that
            are not F different strings.
    """
    table = np.asarray(factors)
    if table.ndim != 2 or len(table) != count or not table.shape[1]:
        raise ValueError(
            f"Expected `factors` of '{owner}' to be [{count}, F], one row for each image. "
            f"Received: {table.dtype} of shape {table.shape}"
        )
    if table.dtype.kind not in "buifU" or (table.dtype.kind == "f" and not np.isfinite(table).all()):
        raise ValueError(
            f"Expected `factors` of '{owner}' to be finite numbers or strings. Received: "
            f"{'NaN or infinity' if table.dtype.kind == 'f' else f'dtype {table.dtype}'}"
        )
    names = [f"factor_{k}" for k in range(table.shape[1])] if names is None else [str(name) for name in names]
    if len(names) != table.shape[1] or len(set(names)) != len(names):
        raise ValueError(
            f"Expected {table.shape[1]} different `factor_names` of '{owner}', one for each column. Received: {names}"
        )
    classes, values = np.empty(table.shape, np.int64), []
    for k, column in enumerate(table.T):
        different, classes[:, k] = np.unique(column, return_inverse=True)
        if table.dtype.kind == "f" and len(different) > max(2, count / 2):
            raise ValueError(
                f"Expected discrete `factors` of '{owner}'. Received: {names[k]} with {len(different)} different "
                f"values in {count} rows. Bin it first: vaezoo.metrics.equal_width_bins(factors, bins=20)"
            )
        values.append(range(len(different)) if table.dtype.kind == "U" else different)
    return grid_or_table(names, [len(v) for v in values], classes, values)

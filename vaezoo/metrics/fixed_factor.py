"""Draws rows that share a factor, for the pairs and groups of the beta-VAE and FactorVAE scores."""

import warnings
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics import inputs

ENOUGH = 50  # rows for each value of a factor


class Grid(Protocol):
    """A full grid of factors, the last one fastest, such as `vaezoo.data.FactorGrid`."""

    sizes: tuple[int, ...]


class FullGrid:
    """Draws from rows that are all combinations of factor values, in the order of a grid, by arithmetic on row numbers.

    Args:
        grid: has `sizes` (V_1, ..., V_F).
        factors: [N, F], of any type.

    Raises:
        ValueError: if the rows are not this grid, or not in its order.
    """

    def __init__(self, grid: Grid, factors: np.ndarray):
        """Checks that the rows are the grid."""
        self.sizes = tuple(int(size) for size in grid.sizes)
        expected = [int(np.prod(self.sizes)), len(self.sizes)]
        if list(factors.shape) != expected or min(self.sizes) < 2:
            raise ValueError(
                f"A grid of sizes {self.sizes} needs factors of shape {expected}, each of 2 values or more. "
                f"Received shape {list(factors.shape)}; leave `grid` out for a set which is not a full grid."
            )
        self.n, self.num_factors = expected
        self.strides = [int(np.prod(self.sizes[k + 1 :])) for k in range(self.num_factors)]
        for k, size in enumerate(self.sizes):
            by_value = np.moveaxis(factors[:, k].reshape(self.sizes), k, 0).reshape(size, -1)
            if (by_value != by_value[:, :1]).any() or len(inputs.distinct(by_value[:, 0], f"Factor {k}")[0]) < size:
                raise ValueError(f"Row i must have the factors of grid index i. Received other values of factor {k}.")

    def anchors(self, k: int, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draws `count` random rows."""
        return rng.integers(self.n, size=count)

    def sharing(self, rows: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
        """Draws a row with the same factor k for each of `rows`; all other factors are drawn independently."""
        others = rng.integers(self.n, size=rows.shape)
        value, other_value = (r // self.strides[k] % self.sizes[k] for r in (rows, others))
        return others + (value - other_value) * self.strides[k]

    partners = sharing  # independent draws, as in the definition: the row itself is one of thousands


class MatchingRows:
    """Draws from any set of rows, by choosing among the rows with an equal value of the factor.

    The other factors have the distribution in which they occur together with that value, which for a full grid is
    that of the definition of the metrics.

    Args:
        factors: [N, F], discrete, of any type.

    Raises:
        ValueError: for a factor that is constant or continuous, or of which no value occurs twice.
    """

    def __init__(self, factors: np.ndarray):
        """Groups the rows by the value of each factor; warns if the groups are small."""
        self.v = inputs.classes(factors)
        self.n, self.num_factors = factors.shape
        self.orders = [np.argsort(v_k, kind="stable") for v_k in self.v.T]
        self.counts = [np.bincount(v_k) for v_k in self.v.T]
        self.firsts = [np.cumsum(n) - n for n in self.counts]  # offset of the rows of each value in the order
        self.places = [np.argsort(order) for order in self.orders]  # position of each row in it
        self.matched = [np.flatnonzero(n[v_k] > 1) for n, v_k in zip(self.counts, self.v.T, strict=True)]
        alone = [k for k, rows in enumerate(self.matched) if not len(rows)]
        if alone:
            raise ValueError(
                f"Two rows must share a value of every factor. Received none that do of factor {alone[0]}."
            )
        fewest = min(self.n / len(n) for n in self.counts)
        if fewest < ENOUGH:
            warnings.warn(
                f"With {fewest:.0f} rows for each value of a factor, the same pairs come again in training and test: "
                f"even useless codes score more than chance. Expected {ENOUGH} rows or more.",
                stacklevel=4,
            )

    def anchors(self, k: int, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draws `count` random rows, of those whose value of factor k another row has too."""
        return rng.choice(self.matched[k], size=count)

    def sharing(self, rows: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
        """Draws a row with the same factor k for each of `rows`; it can be the row itself."""
        v = self.v[rows, k]
        return self.orders[k][self.firsts[k][v] + rng.integers(self.counts[k][v])]

    def partners(self, rows: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
        """Draws as `sharing`, for rows whose value another row has too, but never the row itself."""
        v = self.v[rows, k]
        first, count = self.firsts[k][v], self.counts[k][v]
        place = self.places[k][rows] - first
        return self.orders[k][first + (place + 1 + rng.integers(count - 1)) % count]


def fixed_factor(
    codes: ArrayLike, factors: ArrayLike, grid: Grid | None, metric: str
) -> tuple[np.ndarray, FullGrid | MatchingRows]:
    """Checks the inputs of a metric, and returns the object that draws rows that share a factor.

    Args:
        codes: of the metric, [N, D].
        factors: of the metric, [N, F].
        grid: of the metric; None to match rows.
        metric: its name, for the error of a single factor.

    Returns:
        The codes, float64, and the object that draws.

    Raises:
        ValueError: as the metric.
    """
    codes, factors = inputs.check(codes, factors)
    inputs.at_least_two_factors(factors, metric)
    return codes, MatchingRows(factors) if grid is None else FullGrid(grid, factors)

"""Correlated and constrained factors: which images of a data set are drawn, and how often.

    data = vaezoo.data.load("dsprites")
    vaezoo.data.correlated(data, {("x", "y"): 0.1})                        # x is nearly y
    vaezoo.data.constrained(data, drop=[{"shape": 2, "x": range(16, 32)}])  # no hearts in the right half
    vaezoo.data.constrained(data, holes=0.1, seed=0)                        # without 10 % of the combinations

References:
    Träuble et al. 2021, "On Disentangled Representations Learned from Correlated Data".
    Roth et al. 2023, "Disentanglement of Correlated Factors via Hausdorff Factorized Support", whose code,
    disentangling-correlated-factors, has both.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data.factor_table import grid_or_table
from vaezoo.data.images import ImageData
from vaezoo.data.stored import hash_of


class Subset:
    """Some images of a data set, float32 [M, H, W, C].

    Args:
        data: the data set.
        kept: int64 [M], the indices of the images.

    Attributes:
        shape: (M, H, W, C).
    """

    def __init__(self, data: ImageData, kept: npt.NDArray[np.int64]):
        """Initializes the subset; see the class."""
        self.data, self.kept = data, kept
        self.shape = (len(kept), *data.image_shape)

    def gather(self, indices: tf.Tensor) -> tf.Tensor:
        """Returns the images at `indices` [B] of the subset, float32 [B, H, W, C] in [0, 1]."""
        return self.data.floats(tf.gather(self.kept, indices))

    def digest(self) -> str:
        """Returns a hash of the set's own digest and the indices, 32 hexadecimal digits."""
        return hash_of(self.data.digest.encode(), np.ascontiguousarray(self.kept))


def correlated(data: ImageData, pairs: Mapping[tuple[str | int, str | int], float]) -> ImageData:
    """Returns a data set whose shuffled batches draw pairs of factors that are correlated.

    An image is drawn with a probability in proportion to the product, over the pairs, of

        exp(-(c_1 - c_2)^2 / (2 sigma^2))

    where c_1 and c_2 are the classes of its two factors, divided by the largest one, in [0, 1] (the density of Träuble
    et al. 2021, as Roth et al. 2023 normalise it). A sigma of 0.1 is a strong correlation, one of 0.7 a weak one.
    Images are drawn independently, with replacement. The set has the same images as before, so that an evaluation is on
    all combinations.

    Args:
        data: a set with ground-truth factors.
        pairs: maps a pair of factors (names or columns) to its sigma.

    Raises:
        ValueError: if the set has no factors, a factor does not exist or has one class, a pair is one factor twice, or
            a sigma is not positive.
    """
    factors = _factors(data)
    if not pairs:
        raise ValueError("Expected at least one pair of factors, as {('x', 'y'): 0.1}. Received: none")
    classes = factors.classes(np.arange(data.size))
    exponent = np.zeros(data.size)
    for pair, sigma in pairs.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(f"Expected pairs of factors, as {{('x', 'y'): 0.1}}. Received: {pair!r}")
        columns = [factors.column(factor) for factor in pair]
        if columns[0] == columns[1] or min(factors.sizes[column] for column in columns) < 2:
            raise ValueError(f"Expected two different factors of two classes or more. Received: {pair}")
        if isinstance(sigma, bool) or not isinstance(sigma, (int, float, np.number)) or not 0 < sigma < np.inf:
            raise ValueError(f"Expected a positive sigma of the pair {pair}. Received: {sigma!r}")
        one, other = (classes[:, column] / (factors.sizes[column] - 1) for column in columns)
        exponent -= (one - other) ** 2 / (2 * sigma**2)
    weights = np.exp(exponent - exponent.max())
    weights = weights if data.weights is None else weights * data.weights
    described = ", ".join(f"{one}~{other}: {sigma:g}" for (one, other), sigma in pairs.items())
    return dataclasses.replace(data, origin=f"{data.origin}; correlated {described}", weights=weights)


def constrained(
    data: ImageData,
    *,
    drop: Iterable[Mapping[str | int, int | Sequence[int]]] = (),
    holes: float = 0.0,
    seed: int | None = None,
) -> ImageData:
    """Returns a data set without the images of some combinations of factors.

    Args:
        data: a set with ground-truth factors.
        drop: constraints. Each maps factors (names or columns) to a class or several, and drops the images that have
            one of these classes of every factor that it names.
        holes: the share, in [0, 1), of the remaining combinations that are dropped at random.
        seed: of the random combinations.

    Returns:
        The set of the other images, in their order. Its factors are a `FactorTable`, or a `FactorGrid` where the
        remaining images are a full grid of the same sizes.

    Raises:
        ValueError: if the set has no factors, a factor or class does not exist, nothing or everything is dropped, or
            `holes` is given without a seed.
    """
    factors = _factors(data)
    if not 0 <= holes < 1 or (holes and seed is None):
        raise ValueError(f"Expected `holes` in [0, 1), with a `seed`. Received: holes={holes}, seed={seed}")
    classes = factors.classes(np.arange(data.size))
    dropped = np.zeros(data.size, bool)
    for constraint in drop:
        if not constraint:
            raise ValueError("Expected constraints that name a factor. Received: an empty one")
        chosen = np.ones(data.size, bool)
        for factor, given in constraint.items():
            column, given = factors.column(factor), np.atleast_1d(given)
            if given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= factors.sizes[column]:
                raise ValueError(
                    f"Expected classes of {factor!r} in 0 ... {factors.sizes[column] - 1}. Received: {given.tolist()}"
                )
            chosen &= np.isin(classes[:, column], given)
        dropped |= chosen
    if holes:
        numbers = np.ravel_multi_index(tuple(classes.T), factors.sizes)
        present = np.unique(numbers[~dropped])
        removed = np.random.default_rng(seed).choice(present, round(holes * len(present)), replace=False)
        dropped |= np.isin(numbers, removed)
    kept = np.flatnonzero(~dropped)
    if len(kept) in (0, data.size):
        raise ValueError(
            f"Expected constraints that drop some images of '{data.name}' and not all. "
            f"Received: {data.size - len(kept)} of {data.size} dropped"
        )
    return dataclasses.replace(
        data,
        origin=f"{data.origin}; {len(kept)} of {data.size} images",
        stored=Subset(data, kept),
        max_value=1,
        labels=None if data.labels is None else data.labels[kept],
        factors=grid_or_table(factors.names, factors.sizes, classes[kept], factors.values),
        weights=None if data.weights is None else data.weights[kept],
    )


def _factors(data: ImageData):
    if data.factors is None:
        raise ValueError(f"Expected a data set with ground-truth factors. Received: '{data.name}', which has none")
    return data.factors

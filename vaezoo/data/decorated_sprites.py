"""dSprites with a random colour or random noise, drawn when a batch needs them.

References:
    Locatello et al. 2019, "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
    Representations": Color-dSprites and Noisy-dSprites, as the authors' disentanglement_lib defines them.
"""

import dataclasses
import functools
from collections.abc import Callable

import tensorflow as tf

from vaezoo.data.images import ImageData
from vaezoo.data.stored import hash_of

SEED = 2019
KINDS = ("color", "noisy")


class DecoratedSprites:
    """The images of dSprites, float32 [N, 64, 64, 3], each with random numbers of its own that never change.

    color: the sprite has a colour c, uniform in [0.5, 1]^3, on black: x = c sprite.
    noisy: the sprite is white, on noise u, uniform in [0, 1] for each pixel and channel: x = min(sprite + u, 1).

    disentanglement_lib draws c or u again each time that an image is sampled. Here they are a pure function of the
    index of the image, so that all batches, and evaluations, have the same N images.

    Args:
        data: dSprites, or a set of the same kind.
        kind: one of `KINDS`.

    Attributes:
        shape: (N, H, W, 3).
    """

    def __init__(self, data: ImageData, kind: str):
        """Initializes the images; see the class."""
        self.data, self.kind = data, kind
        self.shape = (data.size, *data.image_shape[:2], 3)
        if kind == "color":
            with tf.device("CPU:0"):
                self.colours = tf.random.stateless_uniform([data.size, 3], [SEED, 0], 0.5, 1.0, alg="philox")

    def gather(self, indices: tf.Tensor) -> tf.Tensor:
        """Returns the images at `indices` [B], float32 [B, H, W, 3] in [0, 1]."""
        sprites = self.data.floats(indices)
        if self.kind == "color":
            return sprites * tf.gather(self.colours, indices)[:, None, None]
        return tf.minimum(sprites + self.noise(tf.cast(indices, tf.int64)), 1.0)

    @functools.cached_property
    def noise(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """A compiled function from indices [B] to the noise of their images, float32 [B, H, W, 3]."""

        def of_image(index: tf.Tensor) -> tf.Tensor:
            key = tf.stack([tf.constant(SEED, tf.int64), index])
            return tf.random.stateless_uniform(self.shape[1:], key, alg="philox")

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
        def of_images(indices: tf.Tensor) -> tf.Tensor:
            return tf.map_fn(of_image, indices, fn_output_signature=tf.TensorSpec(self.shape[1:], tf.float32))

        return of_images

    def digest(self) -> str:
        """Returns a hash of the sprites' own digest, the kind and the seed, 32 hexadecimal digits."""
        return hash_of(repr((self.data.digest, self.kind, SEED)).encode())


def decorated(data: ImageData, kind: str) -> ImageData:
    """Returns color_dsprites or noisy_dsprites, with the factors of dSprites.

    Args:
        data: dSprites, or a set of the same kind.
        kind: "color" or "noisy".
    """
    images = DecoratedSprites(data, kind)
    return dataclasses.replace(
        data,
        name=f"{kind}_{data.name}",
        image_shape=images.shape[1:],
        origin=f"{data.origin}; {'colours' if kind == 'color' else 'noise'} drawn in process",
        stored=images,
        max_value=1,
    )

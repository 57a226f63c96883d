"""Serving signatures as pure TensorFlow functions."""

from __future__ import annotations

import functools
import struct

import tensorflow as tf

from vaezoo.models import BaseVAE
from vaezoo.serving.checks import ensure_range, ensure_rows, ensure_shape

MAX_VALUES = 64  # values of one image in a traversal
MAX_TRAVERSED = 256 * MAX_VALUES  # images of one traversal request
PNG = struct.unpack(">4i", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")  # the start of a PNG file; width and height follow

graph_function = functools.partial(tf.function, autograph=False)  # nothing to convert, which takes seconds


def block_names(name: str, blocks: int) -> list[str]:
    """Names the field of each categorical block: `name` for a single block, otherwise name_0, name_1, ..."""
    return [name] if blocks == 1 else [f"{name}_{i}" for i in range(blocks)]


def is_jpeg(files: tf.Tensor) -> tf.Tensor:
    """Returns whether each file starts like a JPEG."""
    return tf.strings.substr(files, 0, 3) == b"\xff\xd8\xff"


def image_size(file_and_png_size: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Reads the size of an image file without decoding it.

    Args:
        file_and_png_size: the content of a PNG or JPEG file, and the size from its header if it is a PNG.

    Returns:
        int32 [2], height and width in pixels.
    """
    file, png_size = file_and_png_size
    # An error message contains the name of the operation, which is that of the field, here and where files are decoded.
    return tf.cond(is_jpeg(file), lambda: tf.io.extract_jpeg_shape(file, name="image_bytes")[:2], lambda: png_size)


class Endpoints:
    """The serving signatures of a model.

    The first axis of every input is the batch of size N, so that a server may merge requests. Requests with another
    shape, more than `max_batch` images, no image, values outside [0, 1] or NaN get an error that names the field. The
    networks are traced once, in functions that the signatures share and that TensorFlow inlines at loading.

    Args:
        model: the model to serve.
        max_batch: maximum number of images in one request.
    """

    def __init__(self, model: BaseVAE, max_batch: int):
        """Creates the functions and the specs of inputs that the signatures share."""
        self.model, self.max_batch = model, max_batch
        self.classes = model.latents.categorical
        self.probs, self.labels = (block_names(name, len(self.classes)) for name in ("probs", "label"))
        pixels = tf.TensorSpec([None, *model.image_shape], tf.float32, "image")
        code = tf.TensorSpec([None, model.latents.size], tf.float32, "code")
        self.encoded = graph_function(self._encode, input_signature=[pixels])
        self.decoded = graph_function(model.decode, input_signature=[code])
        self.inputs = {
            "image": pixels,
            "mean": tf.TensorSpec([None, model.latents.gaussian], tf.float32, "mean"),
            "latent": tf.TensorSpec([None], tf.int32, "latent"),
            "values": tf.TensorSpec([None, None], tf.float32, "values"),
            "image_bytes": tf.TensorSpec([None], tf.string, "image_bytes"),
            **{name: tf.TensorSpec([None], tf.int32, name) for name in self.labels},
        }

    def signatures(self) -> dict[str, tf.types.experimental.PolymorphicFunction]:
        """Builds all signatures, by name. `serving_default` is `encode`."""
        served = {
            self.encode: ["image"],
            self.decode: ["mean", *self.labels],
            self.reconstruct: ["image"],
            self.traverse: ["image", "latent", "values"],
            self.score: ["image"],
        }
        if self.model.image_shape[-1] in (1, 3, 4):  # those of PNG files
            served[self.encode_bytes] = ["image_bytes"]
        functions = {
            function.__name__: graph_function(function, input_signature=[self.inputs[field] for field in fields])
            for function, fields in served.items()
        }
        return {"serving_default": functions["encode"], **functions}

    def encode(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encodes images.

        Args:
            image: float32 [N, H, W, C] in [0, 1].

        Returns:
            `mean` and `log_var` [N, d], and for each categorical block `probs` [N, K] and the most probable `label`
            int32 [N].
        """
        encoded = self.encoded(image)
        return {name: encoded[name] for name in ("mean", "log_var", *self.probs, *self.labels)}

    def encode_bytes(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encodes image files.

        Args:
            image_bytes: string [N], PNG or JPEG files of H x W pixels; PNG files only for four channels.

        Returns:
            The outputs of `encode`.
        """
        return self.encode(self.decode_files(image_bytes))

    def decode(self, mean: tf.Tensor, *labels: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decodes codes.

        Args:
            mean: float32 [N, d], the Gaussian latents.
            *labels: int32 [N], the class of each categorical block.

        Returns:
            `image` [N, H, W, C], the mean of the likelihood: probabilities if it is Bernoulli.
        """
        d = self.model.latents.gaussian
        mean = ensure_shape("mean", mean, [1, d], [self.max_batch, d])
        code, N = [tf.debugging.check_numerics(mean, "mean: expected finite values")], tf.shape(mean)[0]
        for name, label, K in zip(self.labels, labels, self.classes, strict=True):
            code.append(tf.one_hot(ensure_range(name, ensure_shape(name, label, [N], [N]), 0, K - 1), K))
        return {"image": self.decoded(tf.concat(code, axis=-1)).mean()}

    def reconstruct(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decodes the mean and the most probable labels of images.

        Args:
            image: float32 [N, H, W, C] in [0, 1].

        Returns:
            `image` [N, H, W, C], the mean of the likelihood.
        """
        return {"image": self.decoded(self.encoded(image)["code"]).mean()}

    def traverse(self, image: tf.Tensor, latent: tf.Tensor, values: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decodes the codes of images with one component of the mean set to each of several values.

        The M images of one row are decoded at a time. A server that merges requests adds up their N, to which the limit
        of N M applies.

        Args:
            image: float32 [N, H, W, C] in [0, 1].
            latent: int32 [N], the component of the mean, from 0.
            values: float32 [N, M], with M at most `MAX_VALUES` and N M at most `MAX_TRAVERSED`.

        Returns:
            `image` [N, M, H, W, C], the mean of the likelihood.
        """
        d, size = self.model.latents.gaussian, self.model.latents.size
        code = self.encoded(image)["code"]
        N = tf.shape(code)[0]
        latent = ensure_range("latent", ensure_shape("latent", latent, [N], [N]), 0, d - 1)
        values = ensure_shape("values", values, [N, 1], [N, tf.minimum(MAX_VALUES, MAX_TRAVERSED // N)])
        values = tf.debugging.check_numerics(values, "values: expected finite values")
        selected = tf.one_hot(latent, size, True, False)
        codes = tf.where(selected[:, None], values[:, :, None], code[:, None])  # [N, M, size]
        row = tf.TensorSpec([None, *self.model.image_shape], tf.float32)
        images = tf.map_fn(
            lambda code: self.decoded(code).mean(), codes, parallel_iterations=1, fn_output_signature=row
        )
        return {"image": images}

    def score(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes the terms of the evidence lower bound at one code.

        elbo = -reconstruction - kl_z - kl_y, with reconstruction = -log p(image | code). The code is the mean and the
        most probable labels, instead of an expectation over q. Therefore elbo is not a bound of log p(image), and is
        usually above the ELBO. A low value marks an image that is unlike the training images. For the bound itself see
        `vaezoo.encoding.likelihood_bounds`.

        Args:
            image: float32 [N, H, W, C] in [0, 1].

        Returns:
            `reconstruction`, `kl_z`, `kl_y` if there are categorical blocks, and `elbo`, each [N] nats.
        """
        encoded = self.encoded(image)
        terms = {name: term for name, term in encoded.items() if name.startswith("kl_")}
        terms["reconstruction"] = -self.decoded(encoded["code"]).log_prob(encoded["image"])
        return {**terms, "elbo": -tf.add_n(list(terms.values()))}

    # Shared by the signatures

    def _encode(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Validates images [N, H, W, C], and returns them, their codes and all outputs that depend on the posterior."""
        shape = self.model.image_shape
        image = ensure_shape("image", image, [1, *shape], [self.max_batch, *shape])
        image = ensure_range("image", image, 0, 1)
        q = self.model.encode(image)
        labels = [tf.argmax(logits, axis=-1, output_type=tf.int32) for logits in q.logits]
        blocks = zip([*self.probs, *self.labels], [*q.probs, *labels], strict=True)
        kl = self.model.kl_terms(q)
        return {"image": image, "code": q.mode(), "mean": q.mu, "log_var": q.log_var, **dict(blocks), **kl}

    def decode_files(self, image_bytes: tf.Tensor) -> tf.Tensor:
        """Decodes image files, after their sizes have been read and validated.

        Args:
            image_bytes: string [N], PNG or JPEG files.

        Returns:
            float32 [N, H, W, C] in [0, 1].
        """
        height, width, channels = self.model.image_shape
        files = ensure_shape("image_bytes", image_bytes, [1], [self.max_batch])
        header = tf.io.decode_raw(files, tf.int32, little_endian=False, fixed_length=24)  # 0 beyond the end of a file
        known, kinds = tf.reduce_all(header[:, :4] == PNG, axis=1), "PNG"
        if channels < 4:  # those of JPEG files
            known, kinds = known | is_jpeg(files), "PNG or JPEG"
        longest = 2**16 + 4 * height * width * channels
        valid = known & (tf.strings.length(files) <= longest)
        message = f"image_bytes: expected {kinds} files of at most {longest} bytes. Received another as number"
        files = ensure_rows(files, valid, message)

        sizes = header[:, 5:3:-1]
        if channels < 4:
            sizes = tf.map_fn(image_size, (files, sizes), fn_output_signature=tf.TensorSpec([2], tf.int32))
        valid = tf.reduce_all(sizes == [height, width], axis=1)
        message = f"image_bytes: expected pictures of {height} x {width} pixels. Received another as number, of size"
        files = ensure_rows(files, valid, message, sizes)

        def decode_file(file: tf.Tensor) -> tf.Tensor:
            pixels = tf.io.decode_png(file, channels, name="image_bytes")  # decodes JPEG as well
            return tf.ensure_shape(pixels, self.model.image_shape)

        images = tf.map_fn(decode_file, files, fn_output_signature=tf.TensorSpec(self.model.image_shape, tf.uint8))
        return tf.cast(images, tf.float32) / 255

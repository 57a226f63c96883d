"""What an exported model answers: its signatures, as functions of tensors that know nothing of Keras."""

from __future__ import annotations

import struct

import tensorflow as tf

from vaezoo.models import BaseVAE
from vaezoo.serving.checks import checked_each, checked_shape, checked_values

MAX_VALUES = 64  # of one image in a traversal
MAX_TRAVERSED = 256 * MAX_VALUES  # images in all
PNG = struct.unpack(">4i", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")  # how such a file starts; then width and height


def block_names(name: str, blocks: int) -> list[str]:
    """A name for each categorical block: itself where there is one, else name_0, name_1, ..."""
    return [name] if blocks == 1 else [f"{name}_{i}" for i in range(blocks)]


def jpeg(files: tf.Tensor) -> tf.Tensor:
    """Whether files start as a JPEG does."""
    return tf.strings.substr(files, 0, 3) == b"\xff\xd8\xff"


def size_of(file_and_size: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """[height, width] of a JPEG, without unpacking it, or the size that came with a PNG.

    An error names its operation: image_bytes, as of those that unpack.
    """
    file, known = file_and_size
    return tf.cond(jpeg(file), lambda: tf.io.extract_jpeg_shape(file, name="image_bytes")[:2], lambda: known)


class Endpoints:
    """The signatures of a model. Each input has the batch N as its first axis, so that a server may merge requests.

    model: its networks, latents and likelihood are used. max_batch: the most images of one request; more, none,
    other shapes, values outside [0, 1] and NaN are refused by name.

    The networks are traced once, in functions that the signatures share and TensorFlow inlines when it loads them.
    """

    def __init__(self, model: BaseVAE, max_batch: int):
        self.model, self.max_batch = model, max_batch
        self.classes = model.latents.categorical
        self.probs, self.labels = (block_names(name, len(self.classes)) for name in ("probs", "label"))
        pixels = tf.TensorSpec([None, *model.image_shape], tf.float32, "image")
        code = tf.TensorSpec([None, model.latents.size], tf.float32, "code")
        self.encoded = tf.function(self._encoded, input_signature=[pixels])
        self.decoded = tf.function(model.decode, input_signature=[code])
        self.inputs = {
            "image": pixels,
            "mean": tf.TensorSpec([None, model.latents.gaussian], tf.float32, "mean"),
            "latent": tf.TensorSpec([None], tf.int32, "latent"),
            "values": tf.TensorSpec([None, None], tf.float32, "values"),
            "image_bytes": tf.TensorSpec([None], tf.string, "image_bytes"),
            **{name: tf.TensorSpec([None], tf.int32, name) for name in self.labels},
        }

    def signatures(self) -> dict[str, tf.types.experimental.PolymorphicFunction]:
        """Every signature by its name. `serving_default` is `encode`."""
        served = {
            self.encode: ["image"],
            self.decode: ["mean", *self.labels],
            self.reconstruct: ["image"],
            self.traverse: ["image", "latent", "values"],
            self.score: ["image"],
        }
        if self.model.image_shape[-1] in (1, 3, 4):  # as PNG files have
            served[self.encode_bytes] = ["image_bytes"]
        functions = {
            function.__name__: tf.function(function, input_signature=[self.inputs[field] for field in fields])
            for function, fields in served.items()
        }
        return {"serving_default": functions["encode"], **functions}

    def encode(self, image):
        """image -> mean, log_var [N, d]; for each categorical block, probs [N, K] and the most probable label [N]."""
        encoded = self.encoded(image)
        return {name: encoded[name] for name in ("mean", "log_var", *self.probs, *self.labels)}

    def encode_bytes(self, image_bytes):
        """PNG or JPEG files [N] of the model's size in pixels (with four channels, PNG alone) -> as `encode`."""
        return self.encode(self.pictures(image_bytes))

    def decode(self, mean, *labels):
        """mean [N, d], and the label [N] of each categorical block -> image: probabilities, or means."""
        d = self.model.latents.gaussian
        mean = checked_shape("mean", mean, [1, d], [self.max_batch, d])
        code, N = [tf.debugging.check_numerics(mean, "mean: expected finite values")], tf.shape(mean)[0]
        for name, label, K in zip(self.labels, labels, self.classes, strict=True):
            code.append(tf.one_hot(checked_values(name, checked_shape(name, label, [N], [N]), 0, K - 1), K))
        return {"image": self.decoded(tf.concat(code, axis=-1)).mean()}

    def reconstruct(self, image):
        """image -> image, through the mean and the most probable labels."""
        return {"image": self.decoded(self.encoded(image)["code"]).mean()}

    def traverse(self, image, latent, values):
        """image, latent [N], values [N, M] -> image [N, M, H, W, C], with component `latent` of the mean set to each.

        M is at most MAX_VALUES, and N M at most MAX_TRAVERSED: a server that merges requests adds up their N. The
        images of one row are decoded at a time.
        """
        d, size = self.model.latents.gaussian, self.model.latents.size
        code = self.encoded(image)["code"]
        N = tf.shape(code)[0]
        latent = checked_values("latent", checked_shape("latent", latent, [N], [N]), 0, d - 1)
        values = checked_shape("values", values, [N, 1], [N, tf.minimum(MAX_VALUES, MAX_TRAVERSED // N)])
        values = tf.debugging.check_numerics(values, "values: expected finite values")
        moved = tf.one_hot(latent, size, True, False)
        codes = tf.where(moved[:, None], values[:, :, None], code[:, None])  # [N, M, size]
        row = tf.TensorSpec([None, *self.model.image_shape], tf.float32)
        images = tf.map_fn(
            lambda code: self.decoded(code).mean(), codes, parallel_iterations=1, fn_output_signature=row
        )
        return {"image": images}

    def score(self, image):
        """image -> the terms of the evidence lower bound at one code, each [N] nats.

        elbo = -reconstruction - kl_z - kl_y, with reconstruction = -log p(image | code). The code is the mean and the
        most probable labels, in the place of an expectation over q: so elbo is no bound of log p(image), and is
        usually above the ELBO. A low value marks an image that is unlike the training images. The bound itself is
        `vaezoo.metrics.likelihood_bounds`.
        """
        encoded = self.encoded(image)
        terms = {name: term for name, term in encoded.items() if name.startswith("kl_")}
        terms["reconstruction"] = -self.decoded(encoded["code"]).log_prob(encoded["image"])
        return {**terms, "elbo": -tf.add_n(list(terms.values()))}

    # What the signatures share

    def _encoded(self, image):
        """The image once checked, its code, and all that is served of its posterior."""
        shape = self.model.image_shape
        image = checked_shape("image", image, [1, *shape], [self.max_batch, *shape])
        image = checked_values("image", image, 0, 1)
        q = self.model.encode(image)
        labels = [tf.argmax(logits, axis=-1, output_type=tf.int32) for logits in q.logits]
        blocks = zip([*self.probs, *self.labels], [*q.probs, *labels], strict=True)
        kl = self.model.kl_terms(q)
        return {"image": image, "code": q.mode(), "mean": q.mu, "log_var": q.log_var, **dict(blocks), **kl}

    def pictures(self, image_bytes):
        """Images in [0, 1] of PNG and JPEG files [N], whose sizes are read before anything is unpacked."""
        height, width, channels = self.model.image_shape
        files = checked_shape("image_bytes", image_bytes, [1], [self.max_batch])
        header = tf.io.decode_raw(files, tf.int32, little_endian=False, fixed_length=24)  # 0 where a file is shorter
        known, kinds = tf.reduce_all(header[:, :4] == PNG, axis=1), "PNG"
        if channels < 4:  # as JPEG files have
            known, kinds = known | jpeg(files), "PNG or JPEG"
        longest = 2**16 + 4 * height * width * channels
        fits = known & (tf.strings.length(files) <= longest)
        message = f"image_bytes: expected {kinds} files of at most {longest} bytes. Received another as number"
        files = checked_each(files, fits, message)

        sizes = header[:, 5:3:-1]
        if channels < 4:
            sizes = tf.map_fn(size_of, (files, sizes), fn_output_signature=tf.TensorSpec([2], tf.int32))
        fits = tf.reduce_all(sizes == [height, width], axis=1)
        message = f"image_bytes: expected pictures of {height} x {width} pixels. Received another as number, of size"
        files = checked_each(files, fits, message, sizes)

        def picture(file):
            pixels = tf.io.decode_png(file, channels, name="image_bytes")  # a JPEG as well
            return tf.ensure_shape(pixels, self.model.image_shape)

        images = tf.map_fn(picture, files, fn_output_signature=tf.TensorSpec(self.model.image_shape, tf.uint8))
        return tf.cast(images, tf.float32) / 255

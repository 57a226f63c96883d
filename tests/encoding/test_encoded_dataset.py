"""A data set encoded once: against the model, row by row."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from small import small_model

import vaezoo
from vaezoo import metrics
from vaezoo.data import FactorGrid
from vaezoo.encoding import EncodedDataset, Exported, encode_dataset
from vaezoo.serving import export

HYBRID = {"gaussian": 3, "categorical": (4, 2)}


@pytest.fixture(scope="module")
def model(images):
    model = small_model("vae", latents=HYBRID)
    model.fit(images, epochs=3, verbose=0)
    return model


@pytest.fixture(scope="module")
def data(images):
    data = vaezoo.data.from_arrays(images, labels=np.arange(48) % 3, name="squares")
    return dataclasses.replace(data, factors=FactorGrid(("a", "b"), (6, 8)))


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    return export(model, tmp_path_factory.mktemp("saved"), max_batch=7)


def assert_is_of(model, images, encoded):
    q = model.encode(images)
    np.testing.assert_allclose(encoded.mean, q.mu, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(encoded.log_var, q.log_var, rtol=1e-4, atol=1e-5)
    for probs, logits in zip(encoded.probs, q.logits, strict=True):
        np.testing.assert_allclose(probs, tf.nn.softmax(logits), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(encoded.classes, np.stack([np.argmax(block, 1) for block in q.logits], 1))


@pytest.mark.parametrize("batch_size", [48, 7])
def test_every_row_is_its_image(batch_size, model, data, images):
    encoded = encode_dataset(model, data, batch_size=batch_size)
    assert_is_of(model, images, encoded)
    np.testing.assert_array_equal(encoded.factors, data.factors.classes(range(48)))
    np.testing.assert_array_equal(encoded.labels, np.arange(48) % 3)
    assert (encoded.factor_names, encoded.factor_sizes) == (("a", "b"), (6, 8))
    assert encoded.whole_grid


def test_a_sample_keeps_images_factors_and_labels_together(model, data, images):
    encoded = encode_dataset(model, data, images=20, seed=3)
    chosen = encoded.indices
    assert len(set(chosen)) == 20 and encoded.dataset_size == 48 and not encoded.whole_grid
    assert_is_of(model, images[chosen], encoded)
    np.testing.assert_array_equal(encoded.factors, data.factors.classes(chosen))
    np.testing.assert_array_equal(encoded.labels, chosen % 3)
    assert list(encode_dataset(model, data, images=20, seed=3).indices) == list(chosen)
    assert list(encode_dataset(model, data, images=20, seed=4).indices) != list(chosen)


def test_only_a_grid_in_its_order_is_whole(model, data, images):
    """All images of a table in another order, or with a combination missing, are no grid to intervene on."""
    classes = data.factors.classes(range(48))
    for factors, whole in ((classes, True), (classes[::-1], False), (np.repeat(classes[::2], 2, axis=0), False)):
        table = vaezoo.data.from_arrays(images, factors=factors, factor_names=("a", "b"))
        encoded = encode_dataset(model, table)
        np.testing.assert_array_equal(encoded.factors[:, 0], factors[:, 0])
        assert encoded.whole_grid == whole and encoded.factor_names == ("a", "b")


def test_images_are_not_all_in_memory_at_once(model, tmp_path, images, monkeypatch):
    np.save(tmp_path / "x.npy", np.rint(255 * images).astype(np.uint8))
    memory, data = (vaezoo.data.load(tmp_path / "x.npy", streamed=streamed) for streamed in (False, True))
    read, lengths = data.stored.read, []
    monkeypatch.setattr(data.stored, "read", lambda indices: lengths.append(len(indices)) or read(indices))
    encoded = encode_dataset(model, data, batch_size=10)
    np.testing.assert_array_equal(encoded.mean, encode_dataset(model, memory, batch_size=10).mean)
    assert lengths == [10, 10, 10, 10, 8]


def test_a_saved_model_encodes_alike_whatever_its_largest_request(model, saved, data, images):
    assert_is_of(model, images, encode_dataset(Exported.load(saved), data))
    assert_is_of(model, images[:6], encode_dataset(tf.saved_model.load(str(saved)), images[:6]))


def test_an_exported_model_decodes_as_the_model(model, saved, images):
    exported = Exported.load(saved)
    assert exported.latents == model.latents and exported.image_shape == model.image_shape
    np.testing.assert_allclose(exported.reconstruct(images), model.reconstruct(images), rtol=1e-4, atol=1e-5)


def test_codes_end_in_class_numbers_that_mig_counts_exactly():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 30, size=(2000, 1))
    probs = np.eye(30, dtype=np.float32)[(7 * factors[:, 0]) % 30]  # 30 classes: equal-width bins would join some
    encoded = EncodedDataset(rng.normal(size=(2000, 2)).astype(np.float32), np.zeros((2000, 2)), (probs,))
    assert encoded.discrete == (2,) and encoded.codes.shape == (2000, 3)
    exact = metrics.mutual_information(encoded.codes, factors, discrete=encoded.discrete)
    p = np.bincount(factors[:, 0]) / 2000
    assert exact[2, 0] == pytest.approx(-(p * np.log(p)).sum(), rel=1e-6)
    assert metrics.mutual_information(encoded.codes, factors)[2, 0] < exact[2, 0] - 0.1


@pytest.mark.parametrize("of", ["hybrid", "bare"])
def test_saved_and_loaded(of, model, data, images, tmp_path):
    plain = small_model("vae")
    encoded = encode_dataset(model, data, images=20) if of == "hybrid" else encode_dataset(plain, images)
    encoded.save(tmp_path / "codes.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["codes.npz"]
    loaded = EncodedDataset.load(tmp_path / "codes.npz")
    for field in dataclasses.fields(EncodedDataset):
        there, back = getattr(encoded, field.name), getattr(loaded, field.name)
        assert type(there) is type(back), field.name
        if isinstance(there, np.ndarray):
            assert there.dtype == back.dtype
        np.testing.assert_equal(back, there)


def test_other_files_are_refused_by_name(tmp_path):
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("other.npz", "text.npz"):
        with pytest.raises(ValueError, match=f"{name} must be an .npz written by"):
            EncodedDataset.load(tmp_path / name)


def test_what_cannot_be_encoded(model, data, images):
    with pytest.raises(ValueError, match=r"takes images \(8, 8, 1\). Received: 'array' with \(8, 4, 1\)"):
        encode_dataset(model, images[:, :, :4])
    with pytest.raises(ValueError, match="`images` must be from 2 to the 48 of 'squares'. Received: 49"):
        encode_dataset(model, data, images=49)
    with pytest.raises(ValueError, match="signatures 'encode' and 'decode'"):
        Exported(tf.Module())
    broken = small_model("vae")
    weights = broken.encoder.trainable_variables[-2]
    weights.assign(np.full(weights.shape, np.nan))
    with pytest.raises(ValueError, match="NaN or infinity"):
        encode_dataset(broken, data)

"""Images that stay in files: the same batches as from memory."""

import os
import zipfile

import numpy as np
import pytest
from small import small_model

from vaezoo.data import from_arrays, load, npy, rows
from vaezoo.training import Run

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(90, 4, 5, 3), dtype=np.uint8)


def write(folder, kind, images=IMAGES, **arrays):
    path = folder / f"x{kind}"
    if kind == ".npy":
        np.save(path, images)
    else:
        np.savez(path, images=images, **arrays)
    return path


def batches(data, **options):
    return np.stack(list(data.batches(16, seed=3, **options).as_numpy_iterator()))


@pytest.mark.parametrize("kind", [".npy", ".npz"])
def test_the_batches_are_those_of_the_images_in_memory(tmp_path, kind):
    data, memory = load(write(tmp_path, kind), streamed=True), from_arrays(IMAGES)
    assert isinstance(data.stored, rows.FileRows)
    assert (data.size, data.image_shape, data.name, data.origin) == (90, (4, 5, 3), "x", f"file x{kind}")
    whole = batches(memory, steps=12)
    np.testing.assert_array_equal(batches(data, steps=12), whole)
    np.testing.assert_array_equal(batches(data, start_step=7, steps=2), whole[7:9])
    assert data.batches(16, seed=3).element_spec == memory.batches(16, seed=3).element_spec
    in_order = list(data.batches(32, shuffle=False).as_numpy_iterator())
    np.testing.assert_array_equal(np.concatenate(in_order), memory.images(range(90)))
    np.testing.assert_array_equal(data.images([7, 8, 9, 2, 2, 89]), memory.images([7, 8, 9, 2, 2, 89]))
    assert data.images(np.arange(0)).shape == (0, 4, 5, 3)


def test_images_without_channels(tmp_path):
    data = load(write(tmp_path, ".npy", IMAGES[..., 0]), streamed=True)
    np.testing.assert_array_equal(data.images(range(90)), from_arrays(IMAGES[..., 0]).images(range(90)))


@pytest.mark.parametrize("kind", [".npy", ".npz"])
def test_large_arrays_stay_in_their_file(tmp_path, kind, monkeypatch):
    path = write(tmp_path, kind)
    assert not isinstance(load(path).stored, rows.Rows)
    monkeypatch.setattr(rows, "STREAMED_FROM", IMAGES.nbytes - 1)
    monkeypatch.setenv("VAEZOO_MAX_BYTES", "100")  # They do not count as memory.
    assert isinstance(load(path).stored, rows.Rows)
    with pytest.raises(ValueError, match="at most 100 bytes"):
        load(path, streamed=False)


def test_what_cannot_be_read_in_place_is_read_into_memory(tmp_path):
    np.savez_compressed(tmp_path / "compressed.npz", images=IMAGES)
    np.save(tmp_path / "floats.npy", IMAGES / 255)
    np.save(tmp_path / "fortran.npy", np.asfortranarray(IMAGES))
    for name in ("compressed.npz", "floats.npy", "fortran.npy"):
        data = load(tmp_path / name, streamed=True)
        assert not isinstance(data.stored, rows.Rows)
        np.testing.assert_allclose(data.images(range(90)), IMAGES / np.float32(255), rtol=1e-6)


def test_labels_and_factors_beside_the_images(tmp_path):
    factors = np.stack([np.arange(90) // 9, np.arange(90) % 9], axis=1)
    path = write(tmp_path, ".npz", labels=np.arange(90) % 7, factors=factors, factor_names=["a", "b"])
    for data in (load(path), load(path, streamed=True)):
        np.testing.assert_array_equal(data.labels, np.arange(90) % 7)
        assert data.factors.names == ("a", "b") and data.factors.sizes == (10, 9)
    with pytest.raises(ValueError, match=r"`labels` of 'x' to be integers \[90\]"):
        load(write(tmp_path, ".npz", labels=np.arange(80)), streamed=True)


def test_binary_images(tmp_path):
    """A set whose sampled images are binary is one; an image that contradicts that is an error, not a pixel above 1."""
    images = RNG.integers(2, size=(5000, 2, 2), dtype=np.uint8)
    path = write(tmp_path, ".npy", images)
    data = load(path, streamed=True)
    assert data.max_value == 1
    np.testing.assert_array_equal(data.images([4, 3])[..., 0], images[[4, 3]])
    unsampled = np.setdiff1d(np.arange(5000), rows.sampled_indices(5000))[7]
    images[unsampled] = 9
    data = load(write(tmp_path, ".npy", images), streamed=True)
    with pytest.raises(ValueError, match="pixels of 0 and 1 in '.*x.npy', .* Received: 9"):
        data.images([unsampled])


def test_the_sample_is_spread_over_the_set():
    for size in (1, 5, 1024, 1025, 4096, 10**6, 10**9):
        sample = rows.sampled_indices(size)
        assert (np.diff(sample) > 0).all() and sample[0] == 0 and sample[-1] == size - 1
        assert len(sample) >= min(size, 900)
        assert np.diff(sample).max(initial=0) <= max(1, 4 * size / 1024)
    assert len(set(np.diff(rows.sampled_indices(10**6)) % 64)) > 2  # and not in step with a factor


def test_digest(tmp_path):
    first = load(write(tmp_path, ".npy"), streamed=True).digest
    assert first == load(write(tmp_path, ".npz"), streamed=True).digest  # of the images, not of the file
    changed = IMAGES.copy()
    changed[41, 0, 0, 0] ^= 1
    others = [changed, IMAGES[:-1], IMAGES.reshape(90, 5, 4, 3), IMAGES // 255]
    digests = {load(write(tmp_path, ".npy", other), streamed=True).digest for other in others}
    assert len(digests | {first}) == 5


def test_damaged_npy(tmp_path):
    path = write(tmp_path, ".npy")
    whole = path.read_bytes()
    for content, message in (
        (whole[:-1], "to have 5,528 bytes.* Received: 5,527"),
        (whole + b"1", "Received: 5,529 bytes"),
        (whole[:50], r"to be a \.npy file"),
        (b"", r"to be a \.npy file"),
        (b"no numpy at all", r"to be a \.npy file"),
    ):
        path.write_bytes(content)
        for streamed in (True, None):
            with pytest.raises(ValueError, match=message):
                load(path, streamed=streamed)
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="a pickle, which is never loaded"):
        load(path)
    with pytest.raises(FileNotFoundError, match=r"Expected a \.npy file. Received: '.*gone.npy'"):
        load(tmp_path / "gone.npy")


def test_a_file_that_is_truncated_while_it_is_read(tmp_path):
    path = write(tmp_path, ".npy")
    data = load(path, streamed=True)
    os.truncate(path, 2000)
    assert data.images([0]).shape == (1, 4, 5, 3)
    with pytest.raises(ValueError, match="to have 5,528 bytes. Received: a truncated file"):
        data.images([89])
    with pytest.raises(Exception, match="a truncated file"):
        batches(data)


def test_a_member_after_another_one_with_a_long_name(tmp_path):
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a" * 300 + ".txt", "before")
        for key, array in (("labels", np.arange(90)), ("images", IMAGES)):
            with archive.open(f"{key}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array)
    stored = npy.stored_member(path, "images", streamed=True)
    np.testing.assert_array_equal(stored.read(np.arange(90)), IMAGES)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(ValueError, match="to be a whole"):
        load(path, streamed=True)


def test_training_resumes_to_the_same_bits(tmp_path):
    """From a file, interrupted after three of seven steps, and from memory without an interruption."""
    images = RNG.integers(256, size=(40, 8, 8, 1), dtype=np.uint8)
    path = write(tmp_path, ".npy", images)
    weights = []
    for number, (streamed, stops) in enumerate(((False, (7,)), (True, (3, 7)))):
        for steps in stops:
            model = small_model("beta_vae")
            run = Run(tmp_path / f"run{number}", {"model": "beta_vae"})
            run.fit(model, load(path, streamed=streamed), steps=steps, batch_size=8, seed=0, checkpoint_every=3)
        weights.append([variable.numpy() for variable in model.variables])
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    images[0] ^= 1
    with pytest.raises(ValueError, match="another configuration"):
        run.fit(model, load(write(tmp_path, ".npy", images), streamed=True), steps=9, batch_size=8, seed=0)

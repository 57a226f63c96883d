"""Folders of PNG and JPEG images."""

import numpy as np
import pytest
import tensorflow as tf

from vaezoo.data import load

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(5, 4, 6, 3), dtype=np.uint8)


def write(path, image, kind="png"):
    path.parent.mkdir(parents=True, exist_ok=True)
    encode = {"png": tf.io.encode_png, "jpeg": lambda x: tf.io.encode_jpeg(x, quality=100)}[kind]
    path.write_bytes(encode(image).numpy())


def pixels(data):
    return np.rint(255 * data.images(range(data.size)))


def test_images_in_the_order_of_their_paths(tmp_path):
    for name, image in zip(("b.png", "a.PNG", "deep/er/c.png"), IMAGES[:3], strict=True):
        write(tmp_path / "mine" / name, image)
    (tmp_path / "mine" / "notes.txt").write_text("no image")
    write(tmp_path / "mine" / ".thumbnails" / "a.png", IMAGES[3][:2])
    write(tmp_path / "mine" / "._b.png", IMAGES[3][:2])
    for name in (f"{tmp_path}/mine/", tmp_path / "mine"):
        data = load(name)
        np.testing.assert_array_equal(pixels(data), IMAGES[[1, 0, 2]])
        assert (data.name, data.origin, data.labels) == ("mine", "folder mine, 3 files", None)
    assert load("mine/", data_dir=tmp_path).digest == data.digest


def test_subfolders_are_classes(tmp_path):
    for n, name in enumerate(("dog/1.png", "cat/9.png", "cat/old/2.png", "eel/0.png")):
        write(tmp_path / name, IMAGES[n])
    data = load(tmp_path)
    np.testing.assert_array_equal(pixels(data), IMAGES[[1, 2, 0, 3]])
    np.testing.assert_array_equal(data.labels, [0, 0, 1, 2])
    write(tmp_path / "stray.png", IMAGES[4])
    assert load(tmp_path).labels is None


def test_one_subfolder_is_no_class(tmp_path):
    write(tmp_path / "all" / "0.png", IMAGES[0])
    assert load(tmp_path).labels is None


@pytest.mark.parametrize("ending", ["jpg", "jpeg"])
def test_jpeg(tmp_path, ending):
    smooth = np.broadcast_to(np.linspace(0, 255, 16).astype(np.uint8)[:, None, None], (16, 16, 1))
    write(tmp_path / f"a.{ending}", smooth, "jpeg")
    assert np.abs(pixels(load(tmp_path))[0] - smooth).max() <= 8  # grey levels that JPEG loses


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels_are_those_of_the_files(tmp_path, channels):
    image = RNG.integers(256, size=(3, 2, channels), dtype=np.uint8)
    write(tmp_path / "a.png", image)
    np.testing.assert_array_equal(pixels(load(tmp_path)), image[None])


def test_folders_that_cannot_be_a_data_set(tmp_path):
    with pytest.raises(ValueError, match=r"Expected .png, .jpg, .jpeg files in '.*'. Received: a folder without any"):
        load(tmp_path)
    write(tmp_path / "a.png", IMAGES[0])
    with pytest.raises(ValueError, match="Unknown split 'test' of .* Choose from: train$"):
        load(tmp_path, split="test")
    for other, shape in ((IMAGES[1][:3], r"\(3, 6, 3\)"), (IMAGES[1][..., :1], r"\(4, 6, 1\)")):
        write(tmp_path / "b" / "b.png", other)
        with pytest.raises(ValueError, match=rf"one size in .* \(4, 6, 3\) in 'a.png', {shape} in 'b/b.png'"):
            load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no image", tf.io.encode_png(IMAGES[0]).numpy()[:60]])
def test_damaged_files(tmp_path, content):
    write(tmp_path / "a.png", IMAGES[0])
    (tmp_path / "b.png").write_bytes(content)
    with pytest.raises(ValueError, match="Expected '.*b.png' to be a PNG or JPEG image. Received: "):
        load(tmp_path)


def test_a_folder_beyond_the_memory(tmp_path, monkeypatch):
    for n in range(5):
        write(tmp_path / f"{n}.png", IMAGES[n])
    monkeypatch.setenv("VAEZOO_MAX_BYTES", "359")
    with pytest.raises(ValueError, match=r"at most 359 bytes .* uint8 \(5, 4, 6, 3\), 360 bytes"):
        load(tmp_path)


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected a folder of images. Received: 'gone/'"):
        load("gone/", data_dir=tmp_path)

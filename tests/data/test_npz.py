"""The directory and headers of an .npz are checked before its arrays are read."""

import contextlib
import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from vaezoo.data import load, npz

IMAGES = np.random.default_rng(0).integers(256, size=(12, 4, 5), dtype=np.uint8)


def npy(array, version=None):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return stream.getvalue()


def claiming(shape, dtype="u1"):
    """Returns the header of an array, without the array."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"shape": shape, "fortran_order": False, "descr": dtype})
    return stream.getvalue()


@pytest.fixture
def archive(tmp_path):
    """Writes members to an .npz whose directory may state wrong sizes."""

    def write(members, claimed=None, method=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "crafted.npz", "w", method) as file:
            for name, content in members.items():
                file.writestr(name, content)
            for info in file.infolist():  # the directory is written when the archive is closed
                info.file_size = (claimed or {}).get(info.filename, info.file_size)
        return tmp_path / "crafted.npz"

    return write


@contextlib.contextmanager
def little_memory():
    """Asserts that a block allocates less than 2 MB."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 2e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name, gigabytes", [("bomb", 2), ("claim", 38)])
def test_arrays_far_larger_than_their_file(archive, name, gigabytes):
    """Header and directory agree, so that only the size of the file shows the error."""
    shape = (gigabytes * 2**18, 64, 64)
    content = claiming(shape)
    path = archive({"images.npy": content + bytes(1000)}, {"images.npy": len(content) + gigabytes * 2**30})
    with (
        little_memory(),
        pytest.raises(ValueError, match=r"Expected at most 268,435,456 bytes of arrays in .*crafted.npz") as error,
    ):
        load(path)
    assert f"images uint8 {shape}, {gigabytes * 2**30:,} bytes" in str(error.value)
    assert f"set the environment's VAEZOO_MAX_BYTES={gigabytes * 2**30}" in str(error.value)


def test_labels_count_too(archive):
    content = claiming((2**30,))
    members = {"images.npy": npy(IMAGES), "y.npy": content}
    path = archive(members, {"y.npy": len(content) + 2**30})
    with (
        little_memory(),
        pytest.raises(ValueError, match=r"images uint8 \(12, 4, 5\), y uint8 \(1073741824,\), 1,073,742,064 bytes"),
    ):
        load(path)


@pytest.mark.parametrize("version, size", [((1, 0), 65_535), ((2, 0), 16 * 2**20)])
def test_a_long_header_is_not_read(archive, version, size):
    header = claiming((12, 4, 5))[10:].rstrip().ljust(size)
    start = b"\x93NUMPY" + bytes(version) + size.to_bytes(2 if version == (1, 0) else 4, "little")
    path = archive({"images.npy": start + header + IMAGES.tobytes()})
    with (
        little_memory(),
        pytest.raises(ValueError, match=f"`images.npy`, a header of {size:,} bytes, where at most 10,000 are read"),
    ):
        load(path)


@pytest.mark.parametrize("shape", [(2**26, 24, 26), (13, 4, 5), (11, 4, 5), (0, 4, 5), (-12, -4, 5), (10**30, 4, 5)])
def test_a_header_that_contradicts_the_directory(archive, shape):
    """The first shape is of 39 GiB."""
    path = archive({"images.npy": claiming(shape) + IMAGES.tobytes(), "fine.npy": npy(IMAGES)})
    with (
        little_memory(),
        pytest.raises(ValueError, match="`images.npy`, uint8 .* bytes, where the archive's directory says 368"),
    ):
        npz.headers(path)


@pytest.mark.parametrize("said", [200, 10_000])
def test_a_directory_that_contradicts_the_data(archive, said):
    """The size in the directory limits how much compressed data is read."""
    path = archive({"images.npy": claiming((said, 4, 5)) + bytes(20 * 1000)}, {"images.npy": 128 + 20 * said})
    with pytest.raises(ValueError, match="to be a whole .npz"):
        load(path)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"\x93NUMPY\1\0\x0a\0" + b"{" * 10, "a malformed header"),
        (
            b"\x93NUMPY\1\0\x10\x27" + b"-" * 9_999 + b"1",
            "a malformed header",
        ),  # nested more deeply than Python's parser allows
        (b"\x93NUMPY\1\0\x04\0" + b"\xff{}\n", "a malformed header"),
        (b"\x93NUMPY\1\0\x03\0" + b"[]\n", "a malformed header"),
        (b"no array at all", "the magic string is not correct"),
    ],
)
def test_malformed_headers(archive, content, words):
    with pytest.raises(ValueError, match=f"as numpy.savez writes them. Received: `images.npy`, {words}"):
        load(archive({"images.npy": content}))


def test_a_member_that_ends_within_its_header(archive):
    with pytest.raises(ValueError, match="to be a whole .npz .* 2 bytes where 118 were due"):
        load(archive({"images.npy": claiming((12, 4, 5))[:12]}))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_whose_memory_is_not_bounded(archive, method):
    with pytest.raises(ValueError, match="`images.npy`, encrypted, or compressed by another method than deflate"):
        load(archive({"images.npy": npy(IMAGES)}, method=method))


def test_the_member_that_was_checked_is_read(archive):
    """NumPy would read a member without the ending .npy first."""
    data = load(archive({"images.npy": npy(IMAGES), "images": npy(255 - IMAGES)}))
    np.testing.assert_array_equal(np.rint(255 * data.images(range(12))[..., 0]), IMAGES)


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_all_that_numpy_writes(archive, version, order):
    images = np.array(IMAGES / 255, np.float32, order=order)
    data = load(archive({"images.npy": npy(images, version)}, method=zipfile.ZIP_STORED))
    np.testing.assert_array_equal(data.images(range(12))[..., 0], images)

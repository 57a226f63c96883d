import numpy as np
import pytest

from vaezoo.data import from_arrays

LEVELS = np.array([[[0, 51], [102, 255]]] * 3, np.uint8)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (LEVELS, LEVELS / 255),
        (LEVELS > 60, LEVELS > 60),
        ((LEVELS > 60).astype(np.uint8), LEVELS > 60),
        (LEVELS * 0, LEVELS * 0.0),
        *((LEVELS.astype(t) / t(255), LEVELS.astype(t) / t(255)) for t in (np.float16, np.float32, np.float64)),
    ],
)
def test_accepted(images, expected):
    data = from_arrays(images, name="mine")
    given = data.images([0, 2])
    assert data.image_shape == (2, 2, 1) and data.size == 3 and data.name == "mine" and data.labels is None
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given[..., 0], expected[[0, 2]].astype(np.float32))


def test_channels_labels_and_copies():
    images, labels = np.zeros((4, 2, 3, 5), np.uint8), np.array([3, 1, 2, 0], np.uint8)
    data = from_arrays(images, labels)
    images[:] = labels[:] = 1
    assert data.image_shape == (2, 3, 5) and data.labels.dtype == np.int64
    np.testing.assert_array_equal(data.labels, [3, 1, 2, 0])
    assert data.images([0]).max() == 0


def unlike(value, dtype=np.float32):
    images = np.full((3, 2, 2), 0.5, dtype)
    images[1, 0, 1] = value
    return images


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 2)), r"shape \(3, 2\)"),
        (np.zeros((3, 2, 2, 1, 1)), "shape"),
        (np.zeros((0, 2, 2)), "no pixels"),
        (np.zeros((3, 0, 2)), "no pixels"),
        (np.zeros((3, 2, 2), np.int64), "dtype int64"),
        (LEVELS.astype(np.int64), r"dtype int64; convert them to uint8: images.astype\('uint8'\)$"),
        (LEVELS.astype(np.uint16), r"dtype uint16; convert them to uint8: images.astype\('uint8'\)$"),
        (
            LEVELS.astype(np.uint16) * 16,
            r"uint16 in 0 \.\.\. 4080; divide them by what .* white, as in images / 65535$",
        ),
        (
            LEVELS.astype(np.int32) * 4,
            r"int32 in 0 \.\.\. 1020; divide them by .* white, as in images / 1020$",
        ),
        (LEVELS.astype(np.int64) - 1, "dtype int64$"),
        (np.zeros((3, 2, 2), np.complex64), "dtype complex64"),
        (np.full((3, 2, 2), "a"), "dtype <U1"),
        (LEVELS.astype(np.float32), r"float32 in 0 \.\.\. 255; divide them by 255"),
        (unlike(1.001), r"0\.5 \.\.\. 1\.001$"),
        (unlike(-0.25), r"-0\.25 \.\.\. 0\.5$"),
        (unlike(np.nan), "NaN or infinite"),
        (unlike(np.inf), "NaN or infinite"),
        (unlike(-np.inf), "NaN or infinite"),
    ],
)
def test_refused(images, message):
    with pytest.raises(ValueError, match=f"Expected the images of 'mine' .* Received: .*{message}"):
        from_arrays(images, name="mine")


@pytest.mark.parametrize("labels", [[0, 1], [[0], [1], [2]], [0.0, 1.0, 2.0], 3])
def test_refused_labels(labels):
    with pytest.raises(ValueError, match=r"Expected `labels` of 'array' to be integers \[3\]"):
        from_arrays(LEVELS, labels)

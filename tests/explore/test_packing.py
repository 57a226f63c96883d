"""Arrays as text."""

import node
import numpy as np

from vaezoo.explore.packing import pack_bytes, pack_floats


@node.needs_node
def test_floats_keep_16_significant_bits():
    values = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-20, 20).repeat(25)
    values = np.concatenate([values, [0.0, 1.0, -2.0, 0.5]]).astype(np.float32)
    got = np.array(node.run("unpackFloats(given).then((x) => Array.from(x))", pack_floats(values)), np.float64)
    assert (np.abs(got - values) <= 2.0**-16 * np.abs(values)).all()
    assert (got[-4:] == values[-4:]).all() and (got[:-4] != values[:-4]).any()


@node.needs_node
def test_bytes_stay_as_they_are():
    values = np.random.default_rng(0).integers(256, size=5000)
    assert node.run("unpackBytes(given).then((x) => Array.from(x))", pack_bytes(values)) == values.tolist()


def test_exponents_compress():
    weights = np.random.default_rng(0).normal(size=100_000)
    assert len(pack_floats(weights)) < 3.5 * len(weights)  # 4 in base64 without compression

"""The facts that a model card states about a run, and errors that name a damaged file."""

import json

import pytest

from vaezoo.serving import about_run

CONFIG, CURVES = json.dumps({"dataset": "shapes.npz", "steps": 40}), "step,kl_z,loss\n20,9.5,70.25\n40,8.5,60.125\n"
SCORES = json.dumps({"scores": {"mig": {"mig": 0.5}}})


@pytest.fixture
def run(tmp_path):
    def write(**files):
        names = {"config": "config.json", "curves": "metrics.csv", "scores": "scores.json"}
        for key, content in {"config": CONFIG, "curves": CURVES, "scores": SCORES, **files}.items():
            (tmp_path / names[key]).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def test_a_whole_run(run):
    assert about_run(run()) == {
        "training": {"dataset": "shapes.npz", "steps": 40},
        "scores": {"step": 40, "kl_z": 8.5, "loss": 60.125, "mig": 0.5},
    }
    assert about_run(run(curves="step,kl_z,loss\n"))["scores"] == {"mig": 0.5}


@pytest.mark.parametrize(
    "key, name, contents",
    [
        ("config", "config.json", ["", "{", "[]", "7", "null", '{"dataset": 3}', b"\xff\xfe", "[" * 10**5]),
        ("curves", "metrics.csv", [CURVES[:-9], CURVES + "60,7.5,x\n", CURVES + "60,7,5,5\n", "\0\n\1\n", b"\xff"]),
        ("scores", "scores.json", ["", "{}", "[]", '{"scores": []}', '{"scores": {"mig": 0.5}}', "null"]),
    ],
)
def test_a_damaged_file_is_named(key, name, contents, run):
    for content in contents:
        folder = run(**{key: content})
        with pytest.raises(ValueError, match=f"Expected '{folder}/{name}' to hold .* Received: ") as error:
            about_run(folder)
        assert len(str(error.value).splitlines()) == 1

"""What is left out of stderr while TensorFlow is imported, and what is not."""

import os

import pytest

from vaezoo.cli.startup import filtered_stderr, set_environment

NOISE = "I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on.\n"


def test_noise_alone_is_left_out(capfd):
    with filtered_stderr():
        os.write(2, f"first\n{NOISE}second\n".encode())
        assert capfd.readouterr().err == ""
    os.write(2, b"third\n")
    assert capfd.readouterr().err == "first\nsecond\nthird\n"


def test_what_was_written_before_an_error_is_shown(capfd):
    with pytest.raises(ImportError), filtered_stderr():
        os.write(2, f"{NOISE}no such library\n".encode())
        raise ImportError
    assert capfd.readouterr().err == "no such library\n"


def test_a_users_environment_is_kept(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    set_environment()
    assert (os.environ["TF_ENABLE_ONEDNN_OPTS"], os.environ["TF_CPP_MIN_LOG_LEVEL"]) == ("0", "2")

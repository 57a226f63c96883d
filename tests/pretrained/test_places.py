"""Weights in a folder or at an address: found, verified, downloaded once."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
from tiny_preset import NAME

import vaezoo
from vaezoo.pretrained import places

DATA = "variables/variables.data-00000-of-00001"


@pytest.fixture
def folder(published, tmp_path, monkeypatch):
    """A copy of the folder of trained models, which VAEZOO_WEIGHTS names; and an empty cache."""
    copy = shutil.copytree(published[0], tmp_path / "trained")
    monkeypatch.setenv("VAEZOO_WEIGHTS", str(copy))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return copy


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, notes what it is asked for, and may break off."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if not self.server.breaks_off or self.path.endswith(".json"):
            return super().do_GET()
        content = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(folder, monkeypatch):
    """An HTTP server of the folder, which VAEZOO_WEIGHTS names instead."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as server:
        server.asked, server.breaks_off = [], False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("VAEZOO_WEIGHTS", f"http://127.0.0.1:{server.server_port}/")
        yield server
        server.shutdown()


def bits(model):
    return [variable.numpy().tobytes() for variable in model.variables]


def test_an_address_is_downloaded_once_and_verified_each_time(folder, server, tmp_path, monkeypatch):
    model = vaezoo.from_preset(NAME)
    files = [f"/{NAME}/1/{name}" for name in ("keras.json", "variables/variables.index", DATA)]
    assert server.asked == ["/manifest.json", *files]
    assert bits(vaezoo.from_preset(NAME)) == bits(model) and server.asked[4:] == ["/manifest.json"]
    cached = tmp_path / "keras" / "vaezoo" / NAME / "1"
    assert sorted(str(file.relative_to(cached)) for file in cached.rglob("*") if file.is_file()) == sorted(
        file.removeprefix(f"/{NAME}/1/") for file in files
    )
    (cached / DATA).write_bytes(b"damaged")
    assert bits(vaezoo.from_preset(NAME)) == bits(model) and server.asked[5:] == ["/manifest.json", files[2]]
    monkeypatch.setenv("VAEZOO_WEIGHTS", folder.as_uri())
    shutil.rmtree(cached)
    assert bits(vaezoo.from_preset(NAME)) == bits(model) and (cached / DATA).exists()


def test_an_answer_that_breaks_off_leaves_nothing(server, tmp_path):
    server.breaks_off = True
    with pytest.raises(ValueError, match="variables.index cannot be downloaded: IncompleteRead"):
        vaezoo.from_preset(NAME)
    assert {file.name for file in (tmp_path / "keras").rglob("*") if file.is_file()} == {"keras.json"}


def test_another_content_at_an_address_leaves_nothing(folder, server, tmp_path):
    (folder / NAME / "1" / DATA).write_bytes(b"another")
    with pytest.raises(ValueError, match=f"http://.*{DATA} is damaged: its SHA-256 is not that of manifest.json"):
        vaezoo.from_preset(NAME)
    assert not (tmp_path / "keras" / "vaezoo" / NAME / "1" / DATA).exists()


def test_a_file_that_is_not_at_the_address(folder, server):
    (folder / NAME / "1" / DATA).unlink()
    with pytest.raises(ValueError, match=f"{DATA} cannot be downloaded: status 404"):
        vaezoo.from_preset(NAME)
    (folder / "manifest.json").unlink()
    with pytest.raises(
        ValueError, match="VAEZOO_WEIGHTS to be a folder or an address with a manifest.json.*status 404"
    ):
        vaezoo.from_preset(NAME)


def test_a_server_that_does_not_answer(monkeypatch):
    monkeypatch.setenv("VAEZOO_WEIGHTS", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match="Received: 'http://127.0.0.1:9' .*refused"):
        vaezoo.from_preset(NAME)
    monkeypatch.setenv("VAEZOO_WEIGHTS", "http://127.0.0.1:port")
    with pytest.raises(ValueError, match="Received: 'http://127.0.0.1:port' .*InvalidURL"):
        vaezoo.from_preset(NAME)


@pytest.mark.parametrize("name", ["keras.json", "variables/variables.index", DATA])
def test_a_damaged_file_in_a_folder_is_named(name, folder):
    file = folder / NAME / "1" / name
    content = file.read_bytes()
    for damaged in (content[:-1], content[:-1] + bytes([content[-1] ^ 1]), b""):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=f"{NAME}/1/{name} is damaged: its SHA-256 is not that of manifest.json"):
            vaezoo.from_preset(NAME)
    file.unlink()
    with pytest.raises(ValueError, match=f"{NAME}/1/{name} is missing"):
        vaezoo.from_preset(NAME)


@pytest.mark.parametrize(
    "content, words",
    [
        ("{", "JSONDecodeError"),
        ("[]", "a list in the place of an object"),
        ("\xff", "JSONDecodeError"),
        ('{"tiny_shapes": {"version": 1}}', "missing .* required keyword-only arguments"),
        ('{"tiny_shapes": 3}', "TypeError"),
        ("[" * 100_000, "RecursionError"),
    ],
)
def test_a_damaged_manifest_is_named(content, words, folder):
    (folder / "manifest.json").write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match=f"manifest.json' to hold an object of trained models.*{words}"):
        vaezoo.from_preset(NAME)


@pytest.mark.parametrize("old, new", [('"version": 1', '"version": "../1"'), ('"keras.json": "', '"keras.json": "z')])
def test_a_manifest_with_impossible_values_is_refused(old, new, folder):
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace(old, new))
    with pytest.raises(ValueError, match="manifest.json' to hold an object of trained models"):
        vaezoo.from_preset(NAME)


def test_a_manifest_without_a_digest_is_refused(folder):
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"keras.json"', '"other.json"'))
    with pytest.raises(ValueError, match="to have the digest of keras.json of 'tiny_shapes'"):
        vaezoo.from_preset(NAME)


def test_a_folder_without_a_manifest(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEZOO_WEIGHTS", str(tmp_path))
    with pytest.raises(ValueError, match=r"Expected VAEZOO_WEIGHTS to be a folder .*\(No such file or directory\)"):
        vaezoo.from_preset(NAME)


def test_a_package_without_a_clone_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.delenv("VAEZOO_WEIGHTS", raising=False)
    monkeypatch.setattr(places, "CLONE", tmp_path / "saved_models")
    with pytest.raises(ValueError, match="Set the environment's VAEZOO_WEIGHTS to the folder saved_models of a clone"):
        vaezoo.from_preset(NAME)
    assert vaezoo.from_preset(NAME, load_weights=False).latents.gaussian == 3

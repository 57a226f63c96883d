"""A version appears atomically, despite concurrent publishers, crashes and a full disk."""

import json
import os
import resource
import shutil
import threading
from pathlib import Path

import pytest
import tensorflow as tf
from small import small_model
from text_versions import names, publish_text

from vaezoo.serving import export, publish, saved_model
from vaezoo.serving.publish import rename_to_next_version


def test_versions_go_up_and_none_is_replaced(tmp_path):
    model = small_model("vae")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "mine").write_text("kept")
    (tmp_path / "notes").mkdir()
    assert [export(model, tmp_path).name for _ in range(2)] == ["8", "9"]
    assert (tmp_path / "7" / "mine").read_text() == "kept"
    assert names(tmp_path) == ["7", "8", "9", "notes"]


def test_publishers_at_once_each_get_a_version(tmp_path):
    (tmp_path / "models").mkdir()
    found = []

    def work(i):
        for j in range(20):
            written = tmp_path / f"{i}-{j}"
            written.mkdir()
            (written / "model").write_text(f"{i}-{j}")
            found.append(rename_to_next_version(written, tmp_path / "models"))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(int(version.name) for version in found) == list(range(1, 81))
    assert len({(version / "model").read_text() for version in found}) == 80


def test_publishers_at_once_that_prune_never_give_a_number_twice(tmp_path):
    found = []

    def work(i):
        for j in range(20):
            found.append((int(publish_text(tmp_path, f"{i}-{j}", keep=2).name), f"{i}-{j}"))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(number for number, _ in found) == list(range(1, 81))
    assert names(tmp_path) == ["79", "80"]
    assert all((tmp_path / str(number) / "model").read_text() == text for number, text in found if number > 78)


def test_nobody_publishes_between_the_choice_of_a_number_and_its_use(tmp_path, monkeypatch):
    """Two publishers, one of which prunes, start after the first has listed the versions."""
    others, found, seen = [], [], publish.versions

    def interrupted(folder):
        result = seen(folder)
        if not others:
            for keep in (None, 1):
                others.append(threading.Thread(target=lambda keep=keep: found.append(publish_text(folder, keep=keep))))
                others[-1].start()
            others[-1].join(0.3)
            assert not found
        return result

    publish_text(tmp_path)
    monkeypatch.setattr(publish, "versions", interrupted)
    assert publish_text(tmp_path, "mine").name == "2"
    [other.join() for other in others]
    assert sorted(version.name for version in found) == ["3", "4"]


@pytest.mark.parametrize("target", ["write_saved_model", "write_warmup", "write_model_card"])
@pytest.mark.parametrize("error", [OSError, lambda words: tf.errors.ResourceExhaustedError(None, None, words)])
def test_a_failed_export_leaves_nothing(target, error, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise error("No space left on device")

    monkeypatch.setattr(saved_model, target, full)
    for folder in (tmp_path, tmp_path / "saved_models" / "vae"):
        with pytest.raises(OSError, match="No space"):
            export(small_model("vae"), folder)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_under_the_warm_up_requests(tmp_path, monkeypatch):
    writer = tf.io.TFRecordWriter
    monkeypatch.setattr(tf.io, "TFRecordWriter", lambda path: writer("/dev/full"))
    with pytest.raises(OSError, match="could not be written to"):
        export(small_model("vae"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_old_version_that_stays_is_a_warning(tmp_path, monkeypatch):
    rename = os.rename

    def refuse(source, target):
        if Path(source).name == "1":
            raise PermissionError(13, "Permission denied", str(source))
        rename(source, target)

    for _ in range(2):
        publish_text(tmp_path)
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.warns(RuntimeWarning, match="version 1 was not removed: .*Permission denied"):
        assert publish_text(tmp_path, keep=1) == tmp_path / "3"
    assert names(tmp_path) == ["1", "3"]


def test_a_rename_that_cannot_be_synced_is_a_warning(tmp_path, monkeypatch):
    fsync = os.fsync

    def refuse(handle):
        if (tmp_path / "1").exists():
            raise OSError(5, "Input/output error")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.warns(RuntimeWarning, match="Published, but .*Input/output error"):
        assert publish_text(tmp_path) == tmp_path / "1"
    assert names(tmp_path) == ["1"]


@pytest.mark.parametrize("largest", [2_000, 40_000], ids=["variables", "graph"])
def test_a_disk_that_takes_no_more_leaves_everything_as_it_was(largest, tmp_path):
    """A limit on file sizes simulates a full disk: writes fail in the middle of a file."""
    model = small_model("vae")
    publish_text(tmp_path)
    before, (soft, hard) = names(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        with pytest.raises(OSError, match="written|large"):
            export(model, tmp_path, keep=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == before and (tmp_path / "1" / "model").read_text() == "x"
    assert export(model, tmp_path).name == "2"


def test_keep_removes_the_oldest_and_never_the_newest(tmp_path):
    for i in range(1, 13):
        publish_text(tmp_path, str(i))
    (tmp_path / "notes").mkdir()
    assert publish_text(tmp_path, "13", keep=3).name == "13"  # 9 < 11 as numbers, not as text
    assert names(tmp_path) == ["11", "12", "13", "notes"]
    assert publish_text(tmp_path, "14", keep=1).name == "14"
    assert names(tmp_path) == ["14", "notes"]


def test_what_is_removed_leaves_whole(tmp_path, monkeypatch):
    """When the files of a version are deleted, servers cannot see it any more."""
    found, rmtree = [], shutil.rmtree

    def spy(path, **options):
        found.append(names(Path(path).parent))
        rmtree(path, **options)

    publish_text(tmp_path)
    publish_text(tmp_path)
    monkeypatch.setattr(shutil, "rmtree", spy)
    publish_text(tmp_path, keep=1)
    assert [[name for name in seen if name.isdigit()] for seen in found] == [["3"]]
    assert names(tmp_path) == ["3"]


def test_numbers_beyond_those_of_a_server_are_no_versions(tmp_path):
    """TensorFlow Serving reads versions as int64."""
    for name in ("1" * 25, str(2**63), "3"):
        (tmp_path / name).mkdir()
    assert publish_text(tmp_path, keep=1).name == "4"
    assert names(tmp_path) == sorted(["1" * 25, str(2**63), "4"])
    (tmp_path / str(2**63 - 2)).mkdir()
    assert publish_text(tmp_path).name == str(2**63 - 1)
    before = names(tmp_path)
    with pytest.raises(ValueError, match=f"Received: '{tmp_path}/{2**63 - 1}'"):
        publish_text(tmp_path)
    assert names(tmp_path) == before


def test_the_name_of_a_link_counts(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "shapes").symlink_to(tmp_path / "disk")
    version = export(small_model("vae"), f"{tmp_path}/shapes/")
    assert json.loads((version / "model.json").read_text())["name"] == "shapes"

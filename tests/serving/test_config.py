"""The configuration files of a model server, and the command of the README that uses them."""

import re
from pathlib import Path

import pytest
from google.protobuf import text_format

import vaezoo
from vaezoo.serving.saved_model import MAX_BATCH

CONFIG = Path(vaezoo.__path__[0]) / "serving" / "config"
README = Path(__file__).parents[2] / "README.md"
# Of BatchingParameters in tensorflow_serving/servables/tensorflow/session_bundle_config.proto, which no package ships
WRAPPED = {
    "max_batch_size": int,
    "batch_timeout_micros": int,
    "max_enqueued_batches": int,
    "num_batch_threads": int,
    "enable_large_batch_splitting": bool,
    "max_execution_batch_size": int,
}


def test_models():
    config_pb2 = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    text = (CONFIG / "models.config").read_text()
    (model,) = text_format.Parse(text, config_pb2.ModelServerConfig()).model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == ("nonsyn", "/models/nonsyn", "tensorflow")
    assert model.model_version_policy.latest.num_versions == 1
    other = re.search(r"model_version_policy (\{ specific .*\})$", text, re.MULTILINE)[1]
    pinned = text.replace("{ latest { num_versions: 1 } }", other)
    (model,) = text_format.Parse(pinned, config_pb2.ModelServerConfig()).model_config_list.config
    assert model.model_version_policy.specific.versions == [3]


def test_batching():
    lines = [line for line in (CONFIG / "batching.config").read_text().splitlines() if not line.startswith("#")]
    found = dict(re.fullmatch(r"(\w+) \{ value: (\w+) \}", line).groups() for line in lines)
    assert set(found) <= set(WRAPPED) and len(found) == len(lines)
    for name, value in found.items():
        assert value in ("true", "false") if WRAPPED[name] is bool else int(value) > 0
    assert int(found["max_batch_size"]) == MAX_BATCH  # a request that the card allows is not refused by its size
    assert found["enable_large_batch_splitting"] == "true"
    assert int(found["max_execution_batch_size"]) < MAX_BATCH


def test_the_command_mounts_what_a_clone_holds():
    command = re.search(r"```sh\n(docker run .*?)```", README.read_text(), re.DOTALL)[1]
    mounts = dict(reversed(mount.split(":")) for mount in re.findall(r'-v "\$PWD/([^"]*)"', command))
    assert mounts["/models"] == "saved_models"
    for file in re.findall(r"_file=(\S+)", command):
        folder, name = file.rsplit("/", 1)
        assert (README.parent / mounts[folder] / name).is_file()

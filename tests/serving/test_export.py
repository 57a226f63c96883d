import json
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import tensorflow as tf
from conftest import small_model
from tensorflow.core.protobuf import saved_model_pb2

import vaezoo
from vaezoo.serving import export

every_model = pytest.mark.parametrize("name", vaezoo.MODELS)


@every_model
def test_endpoints_equal_the_model(name, images, tmp_path):
    model = small_model(name)
    model.fit(images, verbose=0)
    signatures = tf.saved_model.load(str(export(model, tmp_path))).signatures
    assert set(signatures) == {"serving_default", "encode", "decode", "reconstruct"}
    q = model.encode(images)
    for endpoint in ("encode", "serving_default"):
        outputs = signatures[endpoint](image=tf.constant(images))
        np.testing.assert_allclose(outputs["mean"], q.mu, atol=1e-6)
        np.testing.assert_allclose(outputs["log_var"], q.log_var, atol=1e-6)
    code = q.typical()
    np.testing.assert_allclose(signatures["decode"](code=code)["image"], model.decode(code).mean(), atol=1e-6)
    np.testing.assert_allclose(
        signatures["reconstruct"](image=tf.constant(images[:1]))["image"], model.reconstruct(images[:1]), atol=1e-6
    )


def test_the_paper_models_artifact_is_hardly_larger_than_its_weights(tmp_path):
    model = vaezoo.create("nonsyn_dsprites", seed=0)
    version = export(model, tmp_path)
    weights = sum(v.numpy().nbytes for v in [*model.encoder.variables, *model.decoder.variables])
    size = sum(file.stat().st_size for file in version.rglob("*") if file.is_file())
    assert weights < size <= 1.1 * weights


def test_no_endpoint_is_random(images, tmp_path):
    version = export(small_model("vae"), tmp_path)
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    ops = {node.op for function in graph.library.function for node in function.node_def}
    assert "MatMul" in ops and not any("Random" in op for op in ops)


def test_it_loads_where_vaezoo_and_keras_are_not_installed(images, tmp_path):
    model = small_model("nonsyn")
    version = export(model, tmp_path)
    np.save(tmp_path / "images.npy", images)
    script = """
        import json, sys
        import numpy as np, tensorflow as tf
        class Hidden:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("vaezoo", "keras", "tf_keras", "tensorflow_probability"):
                    raise ModuleNotFoundError(name)
        sys.meta_path.insert(0, Hidden())
        assert "keras" not in sys.modules
        encode = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
        mean = encode(image=tf.constant(np.load(sys.argv[2])))["mean"]
        print(json.dumps(mean.numpy().tolist()))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(version), str(tmp_path / "images.npy")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout.splitlines()[-1]), model.encode(images).mu, atol=1e-5)


def test_versions_go_up_and_none_is_replaced(tmp_path):
    model = small_model("vae")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "mine").write_text("kept")
    (tmp_path / "notes").mkdir()
    assert [export(model, tmp_path).name for _ in range(2)] == ["8", "9"]
    assert (tmp_path / "7" / "mine").read_text() == "kept"
    assert sorted(child.name for child in tmp_path.iterdir()) == ["7", "8", "9", "notes"]


def test_publishers_at_once_each_get_a_version(tmp_path):
    from vaezoo.serving.export import publish

    (tmp_path / "models").mkdir()
    versions = []

    def work(i):
        for j in range(20):
            written = tmp_path / f"{i}-{j}"
            written.mkdir()
            (written / "model").write_text(f"{i}-{j}")
            versions.append(publish(written, tmp_path / "models"))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(int(version.name) for version in versions) == list(range(1, 81))
    assert len({(version / "model").read_text() for version in versions}) == 80


def test_a_failed_export_leaves_nothing(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(OSError, match="No space"):
        export(small_model("vae"), tmp_path)
    assert list(tmp_path.iterdir()) == []

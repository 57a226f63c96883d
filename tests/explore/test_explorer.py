"""What the page is made of, and what is refused before it is."""

import json
import re

import keras
import numpy as np
import pytest
from small import SHAPE, small_model

import vaezoo
from vaezoo import metrics
from vaezoo.data import from_arrays
from vaezoo.encoding import encode_dataset
from vaezoo.explore import explore, serve
from vaezoo.explore.explorer import load_models, page_record


@pytest.fixture(scope="module")
def data(images):
    return from_arrays(images, factors=np.stack([np.arange(48) % 3, np.arange(48) // 24], 1), name="shapes")


def saved(folder, name="vae", **options):
    folder.mkdir()
    model = small_model(name, **options)
    model.save(folder / "model.keras")
    (folder / "config.json").write_text(json.dumps({"model": name, "dataset": "x", "hyperparameters": {"beta": 4.0}}))
    return model


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.DOTALL)[1])


def test_scores_are_those_of_the_metrics(data, tmp_path):
    model = saved(tmp_path / "run", "joint_vae", latents={"gaussian": 3, "categorical": (4,)})
    record = data_of(explore([tmp_path / "run"], tmp_path / "deep" / "page.html", dataset=data, images=1000))
    (of_model,) = record["models"]
    encoded = encode_dataset(model, data)
    expected = metrics.per_latent(encoded.mean, encoded.log_var)
    scores = of_model["scores"]
    np.testing.assert_allclose([latent["kl"] for latent in scores["latents"]], expected["kl"], rtol=1e-4)
    assert scores["order"] == np.argsort(-expected["kl"]).tolist() and scores["images"] == 48
    information = metrics.mutual_information(encoded.codes, encoded.factors, discrete=encoded.discrete)
    np.testing.assert_allclose(scores["information"], information, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(scores["blocks"][0]["mi"], metrics.class_information(encoded.probs)["mi_y"], rtol=1e-4)
    second = encoded.factors[:, 1] == 1
    both = np.concatenate([encoded.mean, *encoded.probs], axis=1)
    np.testing.assert_allclose(scores["activations"][1][1], both[second].mean(axis=0), rtol=1e-3, atol=1e-5)
    assert of_model["about"] == "joint_vae · step 0 · beta 4" and of_model["name"] == "run"


def test_the_range_of_a_slider_covers_99_percent_of_the_aggregate_posterior(data):
    from vaezoo.explore.scores import slider_range

    mean = np.full((200_000, 1), 2.0, np.float32)
    low, high = slider_range(mean, np.log(np.full_like(mean, 0.25)), seed=0)
    np.testing.assert_allclose([low[0], high[0]], [2 - 0.5 * 2.5758, 2 + 0.5 * 2.5758], atol=0.02)


def test_a_factor_of_one_value_has_no_information(images, tmp_path):
    saved(tmp_path / "run")
    data = from_arrays(images, factors=np.stack([np.zeros(48, int), np.arange(48) % 2], 1))
    information = np.array(
        data_of(explore([tmp_path / "run"], tmp_path / "a.html", dataset=data))["models"][0]["scores"]["information"]
    )
    assert (information[:, 0] == 0).all() and (information[:, 1] > 0).any()


def test_images_without_labels_have_a_page(images, tmp_path):
    saved(tmp_path / "run")
    record = data_of(explore([tmp_path / "run"], tmp_path / "a.html", dataset=from_arrays(images)))
    assert record["data"]["factors"] == [] and record["models"][0]["scores"]["activations"] == []


def test_the_impossible_is_refused_before_anything_is_written(data, tmp_path, monkeypatch):
    run, out = tmp_path / "run", tmp_path / "out"
    saved(run)
    other = vaezoo.create("vae", image_shape=(8, 8, 3), network="mlp", latents={"gaussian": 3})
    other.save(tmp_path / "other.keras")
    x = keras.Input(SHAPE)
    own = keras.Model(x, keras.layers.Dense(6)(keras.layers.LayerNormalization()(keras.layers.Flatten()(x))))
    model = small_model("vae")
    vaezoo.models.VAE(own, model.decoder, latents=model.latents).save(tmp_path / "own.keras")
    for paths, words in (
        ([], "Expected one or two models. Received: 0"),
        ([run] * 3, "Received: 3"),
        ([run, tmp_path / "other.keras"], "images of one shape. Received: [(8, 8, 1), (8, 8, 3)]"),
        ([tmp_path / "other.keras"], "takes images (8, 8, 3). Received: shapes"),
        ([tmp_path / "own.keras"], "LayerNormalization. Use --serve"),
    ):
        with pytest.raises(ValueError) as raised:
            explore(paths, out / "page.html", dataset=data)
        assert words in str(raised.value)
    with pytest.raises(ValueError, match="Received the folder"):
        explore([run], tmp_path, dataset=data)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        explore([run], tmp_path / "file" / "page.html", dataset=data)
    assert not out.exists()


def test_a_saved_model_needs_the_server(data, tmp_path):
    model = saved(tmp_path / "run")
    version = vaezoo.export(model, tmp_path / "served")
    with pytest.raises(ValueError, match="served-1 is a SavedModel: use --serve"):
        explore([version], tmp_path / "page.html", dataset=data)
    record = page_record(load_models([version]), data, 48, 0, False)
    assert record["models"][0]["name"] == "served-1" and "decoder" not in record["models"][0]
    with serve([version], dataset=data) as server:
        assert server.server_address[0] == "127.0.0.1"

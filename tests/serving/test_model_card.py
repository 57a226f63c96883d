"""The model card of a version, for people and for programs."""

import ast
import hashlib
import json
import shlex
import shutil
import subprocess
import urllib.parse

import keras
import numpy as np
import pytest
import tensorflow as tf
from model_server import grpc_server, rest_server
from small import small_model

from vaezoo.serving import about_run, export
from vaezoo.serving.model_card_template import render


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run with the files that training writes."""
    folder = tmp_path_factory.mktemp("run")
    config = {
        "model": "vae",
        "dataset": "/home/someone/shapes.npz",
        "origin": "file shapes.npz",
        "steps": 40,
        "precision": "bfloat16",
        "seed": 3,
    }
    (folder / "config.json").write_text(json.dumps({**config, "log_every": 20}))
    (folder / "metrics.csv").write_text("step,kl_z,loss\n20,9.5,70.25\n40,8.5,60.125\n")
    return folder


@pytest.fixture(scope="module")
def version(run, tmp_path_factory):
    model = small_model("beta_vae", beta=2.5, latents={"gaussian": 3, "categorical": [4]}, precision="bfloat16")
    return export(model, tmp_path_factory.mktemp("models") / "shapes", about=about_run(run))


def test_for_programs(version):
    card = json.loads((version / "model.json").read_text())
    assert (card["name"], card["model"], card["image_shape"]) == ("shapes", "BetaVAE", [8, 8, 1])
    assert "beta" in card["equation"] and card["hyperparameters"]["beta"] == 2.5
    assert card["latents"] == {"gaussian": 3, "categorical": [4]}
    trained = {"dataset": "shapes.npz", "origin": "file shapes.npz", "steps": 40, "precision": "bfloat16", "seed": 3}
    assert card["training"] == trained and card["precision"] == "bfloat16"
    assert card["scores"] == {"step": 40, "kl_z": 8.5, "loss": 60.125}
    assert card["packages"]["tensorflow"] == tf.__version__
    variables = (version / "variables" / "variables.data-00000-of-00001").read_bytes()
    assert card["variables_sha256"] == hashlib.sha256(variables).hexdigest()
    assert card["signatures"]["encode"]["inputs"] == {"image": {"dtype": "float32", "shape": [-1, 8, 8, 1]}}
    assert card["signatures"]["encode"]["outputs"]["probs"] == {"dtype": "float32", "shape": [-1, 4]}
    assert not [name for name in card["signatures"] if name.startswith("__")]


def test_for_people(version):
    page = (version / "README.md").read_text()
    card = json.loads((version / "model.json").read_text())
    for words in (
        "BetaVAE",
        "| beta | 2.5 |",
        "compute in bfloat16.",
        "file shapes.npz",
        "| loss | 60.125 |",
        card["variables_sha256"],
    ):
        assert words in page
    for name, sides in card["signatures"].items():
        for field in [*sides["inputs"], *sides["outputs"]] if name != "serving_default" else []:
            assert any(line.startswith(f"| {name} |") and f"| {field} |" in line for line in page.splitlines())
    assert "| encode | output | probs | float32 | [N, 4] |" in page
    assert "v1/models/shapes:predict" in page and "/home" not in page and "{" + "name" not in page


def test_the_curl_of_the_page_asks_what_the_server_knows(version):
    page = (version / "README.md").read_text()
    body = page[page.index("-d '") + 4 :].split("```")[0].strip().removesuffix("'")
    request = json.loads(body.replace("'$(base64 -w0 picture.png)'", "AAAA"))
    known = json.loads((version / "model.json").read_text())["signatures"][request["signature_name"]]
    assert [set(instance) for instance in request["instances"]] == [set(known["inputs"])]


def snippet(version, language):
    """Returns the code block after the line that starts with `language`."""
    page = (version / "README.md").read_text()
    return page[page.index(f"\n{language}") :].split("```")[1]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on PATH")
@pytest.mark.parametrize("channels", [1, 2])
def test_the_curl_of_the_page_is_answered(channels, tmp_path):
    """The command sends an image file, or numbers if no image file has that many channels."""
    model, x = small_model("vae", image_shape=(8, 8, channels)), np.zeros((1, 8, 8, channels), np.float32)
    version = export(model, tmp_path / "m")
    (tmp_path / "request.json").write_text(json.dumps({"signature_name": "encode", "inputs": {"image": x.tolist()}}))
    (tmp_path / "picture.png").write_bytes(tf.io.encode_png(x[0, ..., :1].astype("u1")).numpy())
    with rest_server(version) as (address, requests):
        command = snippet(version, "REST").replace("localhost:8501", address)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path)
    answer = json.loads(done.stdout)
    assert requests[0][0] == "/v1/models/m:predict"
    mean = answer["predictions"][0]["mean"] if channels == 1 else answer["outputs"]["mean"][0]
    np.testing.assert_allclose(mean, model.encode(x).mu[0], atol=1e-5)


def test_the_python_of_the_page_is_answered(version, images):
    pytest.importorskip("tensorflow_serving")
    with grpc_server(version) as (address, requests):
        known = {"images": images}
        exec(snippet(version, "gRPC").replace("localhost:8500", address), known)
    assert requests[0].model_spec.name == "shapes"
    encode = tf.saved_model.load(str(version)).signatures["encode"]
    np.testing.assert_allclose(known["mean"], encode(image=tf.constant(images))["mean"], atol=1e-5)


def test_equal_weights_have_an_equal_hash(tmp_path):
    def sha(model):
        return json.loads((export(model, tmp_path / "served") / "model.json").read_text())["variables_sha256"]

    model = small_model("vae")
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert sha(model) == sha(model) == sha(reloaded) != sha(small_model("vae", seed=2))


@pytest.mark.parametrize("name", ["factor_vae", "annealed_vae"])
def test_networks_are_no_hyperparameters_and_schedules_are(name, tmp_path):
    model = small_model(name)
    card = json.loads((export(model, tmp_path) / "model.json").read_text())
    assert set(model.hyperparameters()) - set(card["hyperparameters"]) == {
        *("encoder", "decoder", "latents", "name"),
        *(["discriminator"] if name == "factor_vae" else []),
    }


def test_what_is_not_finite_is_null(tmp_path):
    def refuse(constant):
        raise AssertionError(constant)

    scores = {"mig": float("nan"), "worst": [float("inf"), 1.0], "long": 0.123456789}
    version = export(small_model("vae"), tmp_path, about={"scores": scores})
    card = json.loads((version / "model.json").read_text(), parse_constant=refuse)
    assert card["scores"] == {"mig": None, "worst": [None, 1.0], "long": 0.123457}
    assert "| mig | nan |" in (version / "README.md").read_text()


@pytest.mark.parametrize("channels, words", [(2, None), (3, "PNG or JPEG"), (4, "PNG")])
def test_the_page_offers_what_the_model_has(channels, words, tmp_path):
    page = (export(small_model("vae", image_shape=(8, 8, channels)), tmp_path) / "README.md").read_text()
    assert ("encode_bytes" in page) == ("base64" in page) == (words is not None)
    assert ('"signature_name": "encode",' in page) == (words is None)
    assert words is None or f"`encode_bytes` takes {words}\nfiles" in page
    assert "`traverse` takes 1 to 64 values" in page and "most 16384 in all" in page and "alphabetical order" in page


def test_without_a_run_the_card_says_so(tmp_path):
    assert about_run(tmp_path) == {}
    page = (export(small_model("vae"), tmp_path / "m") / "README.md").read_text()
    assert page.count("not recorded") == 2 and "The networks compute in float32." in page


def test_a_run_and_a_file_of_another_name_in_its_folder(run, tmp_path):
    """The training of another .keras file in the folder of a run is unknown; its scores may be known."""
    folder = shutil.copytree(run, tmp_path / "run")
    for name, score in (("scores.json", 0.5), ("later.v2.scores.json", 0.25)):
        (folder / name).write_text(json.dumps({"scores": {"mig": {"mig": score}}}))
    for name in ("model.keras", "later.v2.keras", "other.keras"):
        (folder / name).touch()
    assert about_run(folder / "model.keras") == about_run(folder)
    assert about_run(folder)["training"]["steps"] == 40 and about_run(folder)["scores"]["mig"] == 0.5
    assert about_run(folder / "later.v2.keras") == {"scores": {"mig": 0.25}}
    assert about_run(folder / "other.keras") == {"scores": {}}


@pytest.mark.parametrize("name", ["tfds:smallnorb", "tfds:shapes/with_a_config:1.0.0"])
def test_the_names_of_prepared_sets_stay_whole(name, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"dataset": name}))
    assert about_run(tmp_path)["training"] == {"dataset": name}


NASTY = [
    "a\nb\r\n\n# heading\u2028- list",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; & &amp;",
    "[link](javascript:alert(1)) ![image](x) [ref]",
    "`code` ``` **bold** __bold__ *x* _x_ ~~gone~~ $x$",
    "a|b\\|c\\",
    "\x1b[31mred\x00\u202egnirts",
    "{name} {0} %s",
    "ends in ##",
]


def shown(text):
    """The text that a reader should see: on one line, without characters that are not printable."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@pytest.mark.parametrize("text", NASTY)
def test_a_configuration_appears_as_text(text, version):
    """The rendered page shows the text literally: it adds no tag, link, row or heading."""
    markdown_it = pytest.importorskip("markdown_it")
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    card = json.loads((version / "model.json").read_text())

    def parsed(text):
        fields = {"training": {text: text}, "scores": {text: 1.5}, "hyperparameters": {"beta": [text]}, "name": text}
        return parser.parse(render({**card, **fields}))

    assert [token.tag for token in parsed(text)] == [token.tag for token in parsed("x")]
    cells = [token.children for token in parsed(text) if token.type == "inline"]
    texts = ["".join(child.content for child in cell) for cell in cells]
    kinds = {child.type for cell in cells for child in cell}
    assert kinds <= {"text", "text_special", "code_inline", "softbreak"}
    assert texts[0] == shown(text) and texts.count(shown(text)) == 4  # name, and keys and value of training and scores
    assert shown(str([text])) in texts


@pytest.mark.parametrize("name", ["a b", "x'; rm -rf ~; '", 'q"uo\\te', "größe", "line\nbreak", "{name}"])
def test_a_name_in_the_commands_of_the_page(name, version):
    """The name is a URL that a shell reads as one word, and a Python literal."""
    card = {**json.loads((version / "model.json").read_text()), "name": name}
    lines = render(card).splitlines()
    (curl,) = [line for line in lines if line.startswith("curl ")]
    url = shlex.split(curl.removesuffix("-d '{"))[1]
    assert urllib.parse.unquote(url) == f"http://localhost:8501/v1/models/{name}:predict"
    (python,) = [line for line in lines if line.startswith("request.model_spec.name")]
    assert ast.literal_eval(python.partition(" = ")[2]) == (name, "encode")


def test_backticks_in_an_equation_do_not_end_it(version):
    card = {**json.loads((version / "model.json").read_text()), "equation": "x\n```\n# heading\n````"}
    assert "\n`````\nx\n```\n# heading\n````\n`````\n" in render(card)
    assert render({**card, "equation": None}).count("```") % 2 == 0

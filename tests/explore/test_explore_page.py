"""The page in headless Chromium."""

import json
import threading

import numpy as np
import pytest
from browser import Browser, needs_chromium
from small import small_model

import vaezoo
from vaezoo.data import from_arrays
from vaezoo.explore import explore, serve

pytestmark = [pytest.mark.integration, needs_chromium]

EVIL = "<img src=x onerror=alert(1)><script>alert(2)<"
HYBRID = {"gaussian": 3, "categorical": (4,)}
DECODE = "Promise.all({codes}.map((code) => view.model.decode(Float64Array.from(code)))).then(lists)"
ENCODE = "Promise.all({images}.map((x) => view.model.encode(Float64Array.from(x)))).then((all) => all.map(plain))"
PRELUDE = """
    const view = (await explorer).views[0];
    const lists = (arrays) => arrays.map((array) => Array.from(array));
    const plain = ({mean, logVar, probs}) => [...mean, ...logVar, ...probs.flat()];
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


def randomised(model):
    """A model with biases and moving averages that are not zeros and ones."""
    rng = np.random.default_rng(0)
    for variable in [*model.encoder.weights, *model.decoder.weights]:
        if len(variable.shape) == 1:
            variable.assign(rng.uniform(0.1, 1.0, variable.shape))
    return model


def saved(folder, model):
    folder.mkdir()
    model.save(folder / "model.keras")
    (folder / "config.json").write_text(json.dumps({"model": "vae"}))
    return folder


@pytest.fixture(scope="module")
def sprites():
    return vaezoo.data.load("dsprites")


@pytest.fixture(scope="module")
def conv(tmp_path_factory, sprites):
    """A page of a convolutional model, and the model."""
    folder = tmp_path_factory.mktemp("conv")
    model = randomised(vaezoo.create("nonsyn_dsprites", seed=0))
    return explore([saved(folder / "run", model)], folder / "page.html", dataset=sprites, images=200), model


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory, images):
    """A page of a fully connected model with batch normalisation, classes and a run's name of markup; and the model."""
    folder = tmp_path_factory.mktemp("mlp")
    network = {"kind": "mlp", "encoder": {"hidden": (16, 8)}, "decoder": {"hidden": (16,)}}
    model = randomised(small_model("imae", latents=HYBRID, network=network, likelihood="gaussian"))
    data = from_arrays(images, np.arange(48) % 3, name="shapes")
    return explore([saved(folder / EVIL, model)], folder / "page.html", dataset=data), model


def run(browser, script):
    return browser.evaluate(f"(async () => {{ {PRELUDE} return {script}; }})()")


@pytest.mark.parametrize("kind", ["conv", "hybrid"])
def test_the_page_encodes_and_decodes_as_tensorflow_does(kind, browser, request, images, sprites):
    page, model = request.getfixturevalue(kind)
    browser.open(page.as_uri())
    codes = np.round(model.latents.prior().sample(3, seed=1)[:, 0].numpy(), 3)
    expected = model.decode(codes).mean().numpy().reshape(3, -1)
    assert expected.std() > 0.01
    np.testing.assert_allclose(run(browser, DECODE.format(codes=codes.tolist())), expected, atol=1e-4)
    x = sprites.images(range(3)) if kind == "conv" else images[:3]
    q = model.encode(x)
    expected = np.concatenate([q.mu, q.log_var, *q.probs], axis=1)
    got = run(browser, ENCODE.format(images=x.reshape(3, -1).tolist()))
    np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["conv", "hybrid"])
def test_nothing_is_requested_and_nothing_is_wrong(kind, browser, request):
    page, _ = request.getfixturevalue(kind)
    browser.open(page.as_uri())
    run(browser, "document.getElementById('random').click()")
    run(browser, "view.redraw()")
    assert browser.requests() == [page.as_uri()] and browser.errors() == []
    with_request = "fetch('https://example.org/').then(() => true, () => false)"
    assert not browser.evaluate(with_request) and browser.errors() != []  # the policy forbids it, and reports it


def test_names_are_text(browser, hybrid):
    browser.open(hybrid[0].as_uri())
    assert browser.evaluate("document.querySelector('.model h2').textContent") == EVIL
    assert browser.evaluate("document.scripts.length") == 2 and browser.evaluate("document.images.length") == 0


PIXELS = "Array.from(view.decoded.canvas.getContext('2d').getImageData(0, 0, 64, 64).data)"


def test_it_is_usable_by_keyboard(browser, conv):
    browser.open(conv[0].as_uri())
    before, z = run(browser, PIXELS), run(browser, "view.table.z")
    browser.press("1", "Digit1", 49, text="1")
    for _ in range(5):
        browser.press("ArrowRight", number=39)
    run(browser, "view.redraw()")
    first = run(browser, "view.model.scores.order[0]")
    moved = run(browser, "view.table.z")
    assert moved[first] == pytest.approx(z[first] + 0.05, abs=0.0101) and moved[:first] == z[:first]
    assert run(browser, PIXELS) != before
    browser.press("e", "KeyE", 69, text="e")
    assert run(browser, "view.table.z") == z
    browser.press("0", "Digit0", 48, text="0")
    assert run(browser, "view.table.z") == [0] * 10
    browser.press("r", "KeyR", 82, text="r")
    drawn = np.array(run(browser, "view.table.z"))
    assert (drawn != 0).all() and np.abs(drawn).max() < 6
    browser.press("t", "KeyT", 84, text="t")
    assert browser.evaluate("document.documentElement.dataset.theme") == "dark"
    reached = browser.evaluate("document.querySelectorAll('input, button, select, [tabindex]').length")
    assert reached > 30 and not browser.evaluate("document.querySelectorAll('[tabindex=\"-1\"]').length")


def test_the_picture_is_the_decoded_image(browser, conv):
    page, model = conv
    browser.open(page.as_uri())
    z = [0.5, -1, 0, 0.25, 2, 0, 0, -0.5, 1, 0]
    run(browser, f"view.setCode({z}, [])")
    shown = np.array(run(browser, PIXELS)).reshape(64, 64, 4)
    expected = 255 * model.decode(np.array([z], np.float32)).mean().numpy()[0, ..., 0]
    assert np.abs(shown[..., 0] - expected).max() < 0.6 and (shown[..., 3] == 255).all()


def test_the_address_holds_the_state(browser, hybrid):
    page, _ = hybrid
    browser.open(page.as_uri() + "#input=7&z0=0.5,-1.25,2&y0=3")
    assert run(browser, "[view.table.z, view.table.classes, view.input.index]") == [[0.5, -1.25, 2], [3], 7]
    run(browser, "view.root.querySelectorAll('.class')[1].click()")
    run(browser, "new Promise((done) => setTimeout(done, 300))")
    assert browser.evaluate("location.hash") == "#input=7&z0=0.5,-1.25,2&y0=1"
    browser.open(page.as_uri() + "#input=999&z0=1,2&y0=9")  # nothing of it fits
    encoded = run(browser, "[view.table.z, view.table.classes, view.input.index, view.encoded]")
    assert encoded[:2] == encoded[3] and encoded[2] == 0


def test_a_sweep_moves_one_latent_to_its_means(browser, hybrid):
    """Column 2 of z, and column 3, which is y."""
    browser.open(hybrid[0].as_uri())
    sweep = "sweepOf(view.model, view.data.factors[0], 0, {j}, [9, 8, 7], [0]).codes"
    means = np.array(run(browser, "view.model.scores.activations[0]"))
    assert run(browser, sweep.format(j=2)) == [[[9, 8, mean], [0]] for mean in means[:, 2]]
    assert run(browser, sweep.format(j=3)) == [[[9, 8, 7], [c]] for c in means[:, 3:].argmax(axis=1)]


WAIT = """new Promise(function wait(done) {{
    const frames = view.film.querySelectorAll(".frames button");
    frames.length === {frames} ? done() : setTimeout(wait, 20, done);
}})"""


def test_a_cell_sweeps_its_factor(browser, conv, hybrid):
    for (page, _), frames in ((conv, 10), (hybrid, 3)):
        browser.open(page.as_uri())
        before = run(browser, "view.table.z")
        cell = "view.root.querySelector('.matrix tbody tr:last-child td:last-child button')"
        run(browser, f"{cell}.click()")
        run(browser, WAIT.format(frames=frames))
        run(browser, "view.redraw()")
        run(browser, "new Promise((done) => setTimeout(done, 200))")
        assert run(browser, "view.table.z") == before
        assert browser.evaluate("document.querySelectorAll('.curve .line').length") == 1
        assert browser.errors() == []


def test_an_input_moves_the_code_to_the_mode_of_its_posterior(browser, hybrid, images):
    page, model = hybrid
    browser.open(page.as_uri())
    pixels = run(browser, "Array.from({ length: 48 }, (_, i) => Array.from(view.input.image(i)))")
    modes = model.encode(np.array(pixels, np.float32).reshape(48, 8, 8, 1)).mode().numpy()
    chosen = [np.flatnonzero(modes[:, 3 + c])[0] for c in range(4) if modes[:, 3 + c].any()]
    assert len(chosen) > 1
    for i in chosen:
        run(browser, f"view.input.setIndex({i})")
        np.testing.assert_allclose(run(browser, "Array.from(view.table.code)"), modes[i], atol=1e-4)


def test_an_image_is_chosen_by_its_factors(browser, conv, sprites):
    browser.open(conv[0].as_uri() + "#input=1,0,7,3,31")
    for classes in ([1, 0, 7, 3, 31], [1, 0, 7, 4, 31]):
        expected = sprites.images(sprites.factors.indices([classes]))[0].ravel()
        assert run(browser, "Array.from(view.pixels)") == expected.tolist()
        browser.evaluate("document.getElementById('factor-3').focus()")
        browser.press("ArrowRight", number=39)
        run(browser, "view.reencode()")


def test_an_image_of_ones_own(browser, hybrid):
    browser.open(hybrid[0].as_uri())
    canvas = "const canvas = element('canvas', { width: 16, height: 16 }); const c = canvas.getContext('2d'); "
    canvas += "c.fillStyle = '#ffffff'; c.fillRect(0, 0, 8, 16); "
    take = "const blob = await new Promise((done) => canvas.toBlob(done)); "
    take += "await view.input.take(new File([blob], 'a.png')); "
    pixels = browser.evaluate(f"(async () => {{ {PRELUDE} {canvas} {take} return Array.from(view.pixels); }})()")
    assert np.array(pixels).reshape(8, 8).mean(axis=0).round(1).tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    message = "await view.input.take(new File(['no picture'], 'b.png')); "
    message += "return document.getElementById('message').textContent;"
    said = browser.evaluate(f"(async () => {{ {PRELUDE} {message} }})()")
    assert said == "Expected an image file that the browser can read. Received: b.png"


def test_a_point_of_the_scatter_is_decoded(browser, conv):
    browser.open(conv[0].as_uri())
    x, y = browser.evaluate("""(async () => { const { scatter } = (await explorer).views[0];
        scatter.canvas.scrollIntoView(); const box = scatter.canvas.getBoundingClientRect();
        return scatter.place(5).map((v, i) => [box.left, box.top][i] + v * box.width / 320); })()""")
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    run(browser, "view.scatter.redecode()")
    assert not run(browser, "view.scatter.preview.hidden")
    shown = run(browser, "[Array.from(view.table.z), Array.from(view.scatter.code(view.scatter.current)[0])]")
    assert shown[0] == shown[1]


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(width, browser, conv):
    browser.open(conv[0].as_uri(), width=width, mobile=width < 500)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


def test_two_models_have_one_input(browser, tmp_path, images):
    runs = [saved(tmp_path / name, small_model(name)) for name in ("vae", "beta_vae")]
    data = from_arrays(images, np.arange(48) % 3)
    browser.open(explore(runs, tmp_path / "two.html", dataset=data).as_uri())
    assert browser.evaluate("document.querySelectorAll('.model').length") == 2
    run(browser, "view.input.setIndex(9)")
    same = (
        "explorer.then(({views, input}) => views.every(({pixels}) => pixels.every((v, i) => v === input.image(9)[i])))"
    )
    assert browser.evaluate(same) and browser.errors() == []


def test_a_server_decodes_in_tensorflow(browser, tmp_path, images):
    model = small_model("joint_vae", latents=HYBRID)
    data = from_arrays(images, np.arange(48) % 3)
    with serve([saved(tmp_path / "run", model)], dataset=data) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_address[1]}/"
            browser.open(address)
            code = [0.5, -1, 2, 0, 0, 1, 0]
            expected = model.decode(np.array([code], np.float32)).mean().numpy().ravel()
            got = run(browser, DECODE.format(codes=[code]))[0]
            np.testing.assert_allclose(got, expected, atol=1e-6)
            assert all(url.startswith(address) for url in browser.requests()) and browser.errors() == []
        finally:
            server.shutdown()
            thread.join()

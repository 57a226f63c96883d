"""How fast a page of `vaezoo explore` is, in headless Chromium: its first image, and a slider's move.

vaezoo explore --run=runs/nonsyn_dsprites_2000
python benchmarks/explore_page.py explore.html

A move is measured from the event of the slider to the painted canvas: the wait for the next frame, and the decoder.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "explore"))
from browser import Browser  # noqa: E402

OPENED, MOVES = 5, 100
FIRST = "performance.getEntriesByName('first image')[0].startTime"
DECODE = """(async () => {
    const { model, table } = (await explorer).views[0];
    const start = performance.now();
    await model.decode(table.code);
    return performance.now() - start;
})()"""
MOVE = """(async () => {
    const view = (await explorer).views[0];
    const { input, min, max } = view.table.rows[0];
    input.value = min + (max - min) * Math.random();
    const start = performance.now();
    input.dispatchEvent(new Event("input"));
    await view.redraw();
    return performance.now() - start;
})()"""


def main(file: str) -> None:
    """Prints the size of a page, and medians and maxima in milliseconds."""
    page = Path(file).resolve()
    print(f"{page.stat().st_size / 1e6:.2f} MB")
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        try:
            opened = []
            for _ in range(OPENED):
                browser.open(page.as_uri())
                opened.append(browser.evaluate(FIRST))
            times = {"first image": opened}
            for name, script in (("slider's move", MOVE), ("decoder", DECODE)):
                times[name] = [browser.evaluate(script) for _ in range(MOVES)]
        finally:
            browser.close()
    for name, values in times.items():
        print(f"{name:14} median {np.median(values):6.1f} ms, max {max(values):6.1f} ms, n = {len(values)}")


if __name__ == "__main__":
    main(*sys.argv[1:])

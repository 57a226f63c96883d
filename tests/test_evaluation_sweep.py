"""The lines of a sweep: runs by the settings in which they differ."""

import json

import pytest

from vaezoo import plots
from vaezoo.evaluation import trade_offs
from vaezoo.evaluation.settings import differing_settings, training_settings

NAMES = ("float32", "bfloat16")


def write_runs(folder, trainings, **data):
    """Evaluated runs, with the scores and nothing else of what `evaluate` writes."""
    for i, (model, settings) in enumerate(trainings):
        scores = {
            "data": {"name": "some", "split": "test"} | data,
            "training": {"model": model, "steps": 10, "seed": i, "hyperparameters": settings},
            "scores": {"nmi": {"nmi": i / 10, "nmi_low": 0.0}},
        }
        (folder / f"run{i}").mkdir(parents=True)
        (folder / f"run{i}" / "scores.json").write_text(json.dumps(scores))


def vat(weight):
    return {"regularizer": {"class_name": "VAT", "config": {"weight": weight, "radius": 1.0}}}


def test_runs_without_a_recorded_precision_are_those_in_float32():
    """Earlier versions had no other."""
    before, now, other = (training_settings({"steps": 3, **more}) for more in ({}, *({"precision": p} for p in NAMES)))
    assert differing_settings([before, now]) == []
    assert differing_settings([before, now, other]) == ["precision"]


def test_what_differs_beside_the_seed_has_a_line_of_its_own(tmp_path, monkeypatch):
    imae = [("imae", {"beta": beta, "beta_y": 20 * beta, **vat(weight)}) for beta, weight in ((2, 1), (5, 1), (5, 0))]
    write_runs(tmp_path, [*imae, imae[1], ("info_vae", {"lambda_": 4.0})])
    drawn = []
    monkeypatch.setattr(plots, "trade_offs", lambda sweeps, *_, **__: drawn.append(sweeps) or plots.kl_bars([1.0]))
    trade_offs(tmp_path, by=["beta", "lambda_"])
    lines = {name: [(row["beta, lambda_"], row["nmi"]) for row in rows] for name, rows in drawn[0].items()}
    assert lines == {
        "imae, vat_weight=1": [(2, 0.0), (5, 0.1), (5, 0.3)],
        "imae, vat_weight=0": [(5, 0.2)],
        "info_vae": [(4.0, 0.4)],
    }
    with pytest.raises(ValueError, match="trained with a number 'beta'. run4 has"):
        trade_offs(tmp_path)
    with pytest.raises(ValueError, match="one number of beta, lambda_, beta_y. run0 has"):
        trade_offs(tmp_path, by=["beta", "lambda_", "beta_y"])
    write_runs(tmp_path / "other", imae[:1], split="train")
    (tmp_path / "other" / "run0").rename(tmp_path / "run5")
    with pytest.raises(ValueError, match=r"same data. Received: some \(test\), some \(train\)"):
        trade_offs(tmp_path)

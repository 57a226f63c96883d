"""`vaezoo collect`: its numbers are NumPy's and SciPy's, and a failed run is a row with its error."""

import csv
import json

import forked
import numpy as np
import pytest
from scipy import stats

from vaezoo import plots
from vaezoo.sweep import Study, chain, product, sweep
from vaezoo.sweep.collecting import collect
from vaezoo.sweep.correlation import rank_correlations
from vaezoo.sweep.lease import Lease
from vaezoo.sweep.methods import methods_of
from vaezoo.sweep.records import record_done, record_error, record_study
from vaezoo.sweep.status import StatusReader, duration
from vaezoo.sweep.table import read_table

SEEDS = 4


def write_run(folder, run, scores, seconds=10.0):
    """What training, evaluation and `record_done` leave, as far as `collect` reads it."""
    folder.mkdir()
    settings = {"steps": 100, "batch_size": 8, "learning_rate": 1e-3, "dataset": "some", **run.settings}
    config = {**settings, "hyperparameters": {"kind": "ii", "temperature": 0.5, **run.hyperparameters}}
    (folder / "config.json").write_text(json.dumps(config))
    protocol = {"sap": {"error": "too few images"}} if run.number == 0 else {}
    content = {"scores": scores, "protocol": protocol, "packages": {"python": "3.11.7"}}
    (folder / "scores.json").write_text(json.dumps(content))
    record_done(folder, run, {"training": seconds, "evaluation": 1.0}, 0)


@pytest.fixture
def swept(tmp_path):
    """A study of beta-VAE (two weights) and both kinds of DIP-VAE, four seeds each; one run fails, one is not begun."""
    models = chain(
        product([{"model": "beta_vae"}], sweep("beta", [1, 4])),
        [{"model": "dip_vae", "kind": kind, "lambda_od": 5.0} for kind in ("i", "ii")],
    )
    study = Study("fake", product([{"steps": 100}], models, sweep("seed", range(SEEDS))))
    record_study(study, tmp_path)
    rng = np.random.default_rng(0)
    for run in study.runs[:-2]:
        mig, rec = rng.uniform(size=2)
        elbo = {"reconstruction": rec, "reconstruction_low": rec - 1, "elbo": -rec}
        write_run(tmp_path / run.name, run, {"likelihood_bounds": elbo, "mig": {"mig": mig}})
    record_error(tmp_path / study.runs[-2].name, "Step 7 made the term 'kl_z' nan.\nSecond line")
    return study, tmp_path


def read_csv(file):
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_row_for_each_run(swept):
    study, folder = swept
    collect(folder, figures=False)
    rows = read_csv(folder / "results.csv")
    assert [row["run"] for row in rows] == [run.name for run in study.runs]
    assert [row["state"] for row in rows] == ["done"] * (len(rows) - 2) + ["failed", "waiting"]
    for row, run in zip(rows[:-2], study.runs, strict=False):
        scores = json.loads((folder / run.name / "scores.json").read_text())["scores"]
        assert float(row["mig"]) == scores["mig"]["mig"]
        assert float(row["reconstruction_low"]) == scores["likelihood_bounds"]["reconstruction_low"]
        assert (row["seconds_training"], row["python"], row["seed"]) == ("10.0", "3.11.7", str(run.settings["seed"]))
        assert row["error"] == ("sap: too few images" if run.number == 0 else "")
    assert rows[-2]["error"].startswith("Step 7 made") and rows[-2]["mig"] == "" and rows[-2]["lambda_od"] == "5.0"


def test_the_summary_is_over_seeds(swept):
    study, folder = swept
    collect(folder, figures=False)
    results, summary = read_csv(folder / "results.csv"), read_csv(folder / "summary.csv")
    assert len(summary) == 4 * 3  # settings x scores
    for row in summary:
        values = [
            float(run[row["score"]])
            for run in results
            if run["state"] == "done" and all(run[k] == row[k] for k in ("model", "beta", "kind", "lambda_od"))
        ]
        assert int(row["seeds"]) == len(values) in (2, SEEDS)
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        expected = [np.mean(values), np.std(values, ddof=1), low, high]
        np.testing.assert_allclose([float(row[name]) for name in ("mean", "sd", "low", "high")], expected)


def test_rank_correlations_are_scipys(swept):
    _, folder = swept
    rng = np.random.default_rng(1)
    rows = [{"a": a, "b": b, "c": round(a)} for a, b in rng.normal(size=(20, 2))]
    ours = rank_correlations([*rows, {"a": 9.0}], ["a", "b", "c"])
    theirs = stats.spearmanr([[row[name] for name in "abc"] for row in rows]).statistic
    np.testing.assert_allclose(ours[1:, 1:], theirs[1:, 1:])  # over the runs that have both
    np.testing.assert_allclose(ours[0, 1], theirs[0, 1])
    assert np.isnan(rank_correlations(rows[:2], ["a", "b"])).all()
    assert np.isnan(rank_correlations([{"a": 1.0, "b": float(i)} for i in range(5)], ["a", "b"])[0]).all()
    collect(folder, figures=False)
    table = read_table(folder)
    written = read_csv(folder / "correlations.csv")
    pairs = [[row[name] for name in ("reconstruction", "mig")] for row in table.done]
    np.testing.assert_allclose(float(written[0]["mig"]), stats.spearmanr(pairs).statistic)


def test_methods_have_their_weights(swept):
    _, folder = swept
    methods = methods_of(read_table(folder))
    assert {name: {row["weight"] for row in rows} for name, rows in methods.items()} == {
        "beta_vae": {1, 4},
        "dip_vae, kind=i": {None},
        "dip_vae, kind=ii": {None},
    }


def test_weights_that_go_together_are_one(tmp_path):
    pairs = [{"model": "imae", "beta": b, "beta_y": 20 * b, "omega": o} for b in (1.0, 2.0) for o in (0.5, 0.9)]
    study = Study("pairs", pairs)
    record_study(study, tmp_path)
    for run in study.runs:
        write_run(tmp_path / run.name, run, {"mig": {"mig": 0.5}})
    methods = methods_of(read_table(tmp_path))
    assert {name: [row["weight"] for row in rows] for name, rows in methods.items()} == {
        "imae, omega=0.5": [1.0, 2.0],
        "imae, omega=0.9": [1.0, 2.0],
    }


def test_figures_show_every_method(swept, monkeypatch):
    _, folder = swept
    drawn = []
    violins = plots.violins
    monkeypatch.setattr(plots, "violins", lambda scores, names: drawn.append(scores) or violins(scores, names))
    collection = collect(folder, format=["png", "pdf"])
    figures = {file.name for file in collection.files if file.parent.name == "figures"}
    stems = ("violins", "weights", "trade_offs", "correlations")
    assert figures == {f"{stem}.{suffix}" for stem in stems for suffix in ("png", "pdf")}
    assert {name: len(values["mig"]) for name, values in drawn[0].items()} == {
        "beta_vae": 2 * SEEDS,
        "dip_vae, kind=i": SEEDS,
        "dip_vae, kind=ii": SEEDS - 2,
    }


def test_tensorboard_sees_settings_and_scores(swept):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata
    from tensorboard.util.tensor_util import make_ndarray

    study, folder = swept
    collect(folder, figures=False)
    run = study.runs[5]
    events = EventAccumulator(str(folder / "hparams" / run.name)).Reload()
    content = events.PluginTagToContent("hparams")[metadata.SESSION_START_INFO_TAG]
    hparams = metadata.parse_session_start_info_plugin_data(content).hparams
    assert hparams["model"].string_value == "beta_vae" and hparams["beta"].number_value == run.settings["beta"]
    assert hparams["seed"].number_value == run.settings["seed"]
    scores = json.loads((folder / run.name / "scores.json").read_text())["scores"]
    (value,) = [make_ndarray(event.tensor_proto) for event in events.Tensors("mig")]
    assert value == pytest.approx(scores["mig"]["mig"], rel=1e-6)


def test_the_status_of_a_sweep_whose_first_run_has_not_begun(swept, tmp_path):
    StatusReader(tmp_path / "new" / "sweep", swept[0].runs).read().write(tmp_path / "new" / "sweep")
    assert json.loads((tmp_path / "new" / "sweep" / "status.json").read_text())["waiting"] == len(swept[0].runs)


def test_status_and_time_left(swept):
    study, folder = swept
    status = StatusReader(folder, study.runs).read()
    assert status.counts == {"done": 14, "running": 0, "failed": 1, "interrupted": 0, "waiting": 1}
    assert status.seconds_left == 11.0 and "14 done, 1 failed, 1 waiting; 11 s left" in status.line
    lease = Lease.acquire(folder / study.runs[-1].name)
    (folder / study.runs[-1].name / "checkpoints" / "50").mkdir(parents=True)
    assert StatusReader(folder, study.runs).read().seconds_left == 5.5
    lease.release()
    assert [duration(s) for s in (45, 700, 9000, 1e6)] == ["45 s", "12 min", "2.5 h", "11.6 days"]


@pytest.mark.integration
def test_the_command_prints_the_summary_and_the_failures(swept):
    _, folder = swept
    done = forked.python("-m", "vaezoo", "collect", ".", "--nofigures", "--scores=mig", "--watch", cwd=folder.parent)
    assert done.returncode == 1 and "no valid study.json" in done.stderr
    (folder / "study.json").write_text(without_last_run(folder / "study.json"))
    done = forked.python("-m", "vaezoo", "collect", ".", "--nofigures", "--scores=mig", "--watch", cwd=folder)
    assert done.returncode == 0 and "15 runs: 14 done, 1 failed\n" in done.stderr
    assert done.stdout.startswith("| model | beta | kind | seeds | mig |") and "±" in done.stdout
    assert "Step 7 made the term 'kl_z' nan.\n" in done.stdout and "Second line" not in done.stdout
    done = forked.python("-m", "vaezoo", "collect", ".", "--scores=migg", cwd=folder)
    assert done.returncode == 1 and "Unknown score 'migg'. Did you mean 'mig'" in done.stderr
    done = forked.python("-m", "vaezoo", "collect", cwd=folder)
    assert "expected the folder of one sweep" in done.stderr


def without_last_run(file):
    """The content of a study.json without its last run, which has not begun: nothing is left to wait for."""
    content = json.loads(file.read_text())
    content["runs"].popitem()
    return json.dumps(content)

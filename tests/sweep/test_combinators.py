"""Combinators and studies: settings as itertools would build them, names that a study may grow with."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from vaezoo.sweep import STUDIES, RunSpec, Study, chain, load_study, product, sweep, zipped
from vaezoo.sweep.estimate import kinds_of, preset_of_run, steps_of
from vaezoo.sweep.grid import grid, parse_values, validate_runs
from vaezoo.sweep.records import select_shard
from vaezoo.sweep.table import settings_of

ROOT = Path(__file__).parents[2]


def test_combinators_are_those_of_itertools():
    betas, seeds = [1, 4, 16], range(2)
    expected = [{"beta": beta, "seed": seed} for beta, seed in itertools.product(betas, seeds)]
    assert product(sweep("beta", betas), sweep("seed", seeds)) == expected
    both = zipped(sweep("beta", betas), sweep("gamma", [2, 8, 32]))
    assert both == [{"beta": b, "gamma": g} for b, g in zip(betas, [2, 8, 32], strict=True)]
    assert chain(both, sweep("beta", [0])) == [*both, {"beta": 0}]
    assert product() == [{}] and product(both, []) == []
    nested = product([{"model": "vae"}], chain(both, sweep("beta", [0])), sweep("seed", seeds))
    assert len(nested) == (3 + 1) * 2 and nested[1] == {"model": "vae", "beta": 1, "gamma": 2, "seed": 1}


def test_settings_that_are_given_twice_and_lists_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="Received 'beta' twice"):
        product(sweep("beta", [1]), sweep("beta", [2]))
    with pytest.raises(ValueError, match="lengths: 1, 2"):
        zipped(sweep("beta", [1]), sweep("seed", [0, 1]))


def test_shipped_studies_are_the_published_ones():
    counts = {name: len(study.runs) for name, study in STUDIES.items()}
    assert counts["locatello_dsprites"] == 6 * 6 * 50 and counts["imae_dsprites"] == 4 * 10 * 10
    for study in STUDIES.values():
        validate_runs(study.runs)
    runs = [run.settings for run in STUDIES["locatello_dsprites"].runs]
    kinds = {(run["model"], run.get("kind")) for run in runs}
    assert len(kinds) == 6
    assert {run["lambda_d"] / run["lambda_od"] for run in runs if run.get("kind") == "i"} == {10}
    assert {run["lambda_d"] / run["lambda_od"] for run in runs if run.get("kind") == "ii"} == {1}
    weights = {run["gamma"] for run in runs if run["model"] == "factor_vae"}
    assert weights == {10, 20, 30, 40, 50, 100}
    figure_3 = [run.settings for run in STUDIES["imae_dsprites"].runs if run.settings["preset"] == "imae_dsprites"]
    assert {run["beta"] for run in figure_3} == {k / 2 for k in range(1, 11)}
    assert all(run["regularizer"]["weight"] == 10 * run["beta"] for run in figure_3)


def test_a_name_depends_on_the_settings_of_its_run_alone():
    run = RunSpec(0, {"model": "beta_vae", "beta": 4.0, "seed": 1, "metrics": ["mig"], "checkpoint_every": 5})
    same = RunSpec(7, {"seed": 1, "model": "beta_vae", "beta": 4, "metrics": ["sap"], "images": 10})
    assert run.name == same.name and run.name.startswith("beta_vae_beta=4_seed=1_")
    for change in ({"beta": 4.5}, {"seed": 2}, {"steps": 10}, {"network": {"kind": "mlp"}}, {"learning_rate": 1e-3}):
        assert RunSpec(0, {**run.settings, **change}).name != run.name
    assert RunSpec(0, {"model": "vae"}).name == RunSpec(0, {"model": "vae", "seed": 0}).name
    with pytest.raises(ValueError, match="Runs 0 and 1 are"):
        Study("twice", [run.settings, same.settings])
    with pytest.raises(ValueError, match="run 0 of 'none' to have a 'model' or a 'preset'"):
        Study("none", [{"beta": 1}])


def test_shards_cover_all_runs_once_and_the_index_is_the_order_of_the_list():
    runs = STUDIES["nonsyn_synergy"].runs
    assert [run.number for run in runs] == list(range(len(runs)))
    for n in (1, 3, 16, 50):
        parts = [select_shard(runs, f"{k}/{n}") for k in range(1, n + 1)]
        assert sorted(run.number for part in parts for run in part) == list(range(len(runs)))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
    for wrong in ("0/3", "4/3", "3", "a/b"):
        with pytest.raises(ValueError, match="--shard=k/n"):
            select_shard(runs, wrong)


def test_values_apply_to_the_models_that_take_them():
    study, notes = grid(["beta_vae", "nonsyn"], {"beta": [1, 4, 16]}, 5, {"steps": 10})
    models = [run.settings["model"] for run in study.runs]
    assert models.count("beta_vae") == 15 and models.count("nonsyn") == 5
    assert notes == ["nonsyn does not take beta, which is left out"]
    with pytest.raises(ValueError, match="Unknown name in --set for 'nonsyn' 'betta'"):
        grid(["nonsyn"], {"betta": [1]}, 1, {})
    with pytest.raises(ValueError, match="`steps` is a flag"):
        grid(["nonsyn"], {"steps": [1]}, 1, {})
    with pytest.raises(ValueError, match="Run 1 of the study: Unknown setting of 'vae' 'omega'"):
        validate_runs(Study("s", [{"model": "vae"}, {"model": "vae", "omega": 1}]).runs)


@pytest.mark.parametrize(
    "text, values",
    [
        ("beta=1,4.5", [1, 4.5]),
        ("kind=i,ii", ["i", "ii"]),
        ("latents={'gaussian': 3, 'categorical': [2]}", [{"gaussian": 3, "categorical": [2]}]),
        ("estimator=mss", ["mss"]),
        ("c_max=5,x", [5, "x"]),
    ],
)
def test_value_lists(text, values):
    assert parse_values(text) == (text.partition("=")[0], values)


def test_a_users_study_is_a_python_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from vaezoo.sweep import Study, sweep, product\n")
    with pytest.raises(ValueError, match="Study to STUDY. Received: NoneType"):
        load_study(str(file))
    file.write_text(
        "from vaezoo.sweep import Study, sweep, product\n"
        "STUDY = Study('mine', product([{'model': 'vae'}], sweep('seed', range(3))))\n"
    )
    assert [run.settings["seed"] for run in load_study(str(file)).runs] == [0, 1, 2]
    with pytest.raises(ValueError, match="Did you mean 'quick'"):
        load_study("quik")


def test_steps_are_the_presets_unless_they_are_set():
    assert steps_of(RunSpec(0, {"model": "nonsyn"})) == 150_000
    assert steps_of(RunSpec(0, {"preset": "imae_mnist", "steps": 5})) == 5
    assert preset_of_run(RunSpec(0, {"model": "imae", "dataset": "dsprites"}))[0] == "imae_dsprites"
    assert preset_of_run(RunSpec(0, {"model": "vae", "dataset": "mnist"}))[0] is None


def test_studies_cost_no_tensorflow():
    script = "import sys; from vaezoo.cli import sweep as command; command.FLAGS(['', '--study=quick', '--list']); "
    script += "command.main(['sweep']); print({'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    *lines, last = done.stdout.splitlines()
    assert last == "set()", done.stderr
    assert [line.split() for line in lines] == [[str(r.number), "waiting", r.name] for r in STUDIES["quick"].runs]


def test_the_precision_is_a_setting_of_a_run(tmp_path):
    runs = Study("precisions", [{"model": "vae", "precision": name} for name in ("float32", "bfloat16")]).runs
    assert runs[0].name != runs[1].name and "--precision=bfloat16" in runs[1].train_arguments(tmp_path)
    assert [settings_of(run, {})["precision"] for run in runs] == ["float32", "bfloat16"]
    assert len(kinds_of(runs)) == 2

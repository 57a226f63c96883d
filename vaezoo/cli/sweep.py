"""Train and evaluate the runs of a study; finished ones are skipped, interrupted ones resumed.

vaezoo sweep --study=quick --jobs=2
vaezoo sweep --study=locatello_dsprites --dry_run
vaezoo sweep --study=locatello_dsprites --index=$SLURM_ARRAY_TASK_ID
vaezoo sweep --models=beta_vae,nonsyn --set beta=1,4,16 --seeds=5 --steps=2000
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from vaezoo.cli.startup import import_quietly, program_name
from vaezoo.sweep import STUDIES, RunSpec, Study, load_study
from vaezoo.sweep.engine import execute_locally
from vaezoo.sweep.grid import grid, parse_values, validate_runs
from vaezoo.sweep.lease import SECONDS
from vaezoo.sweep.records import record_study, select_shard, state_of
from vaezoo.sweep.worker import WorkerOptions

FLAGS = flags.FLAGS
flags.DEFINE_string("study", None, f"One of: {', '.join(STUDIES)}; or a Python file that assigns a Study to STUDY.")
flags.DEFINE_list("models", [], "Instead of --study: names of models or presets.")
flags.DEFINE_multi_string(
    "set", [], "With --models: name=value,value,... for the models that take the name. Repeatable: all combinations."
)
flags.DEFINE_integer("seeds", 1, "With --models: number of seeds of every combination: 0, 1, ...")
flags.DEFINE_string("dataset", None, "With --models: as for `vaezoo train`.")
flags.DEFINE_integer("steps", None, "With --models: training steps. Default: the preset's.")
flags.DEFINE_integer("batch_size", None, "With --models: images in a minibatch. Default: the preset's.")
flags.DEFINE_float("learning_rate", None, "With --models. Default: the preset's.")
flags.DEFINE_list("metrics", ["default"], "With --models: as for `vaezoo evaluate`.")
flags.DEFINE_integer("images", 10_000, "With --models: images to evaluate on, at most. 0: all.")
flags.DEFINE_integer("bootstrap", 0, "With --models: resamples for intervals of each run's scores.")
flags.DEFINE_string("out", None, "Folder of the runs. Default: runs/<study>, or runs/sweep.")
flags.DEFINE_string("data_dir", None, "Folder of data files. Default: $VAEZOO_DATA_DIR.")
flags.DEFINE_bool("list", False, "Show number, state and name of each run, and do nothing.")
flags.DEFINE_bool("dry_run", False, "Show the number of runs and steps, and hours from timed steps, and do nothing.")
flags.DEFINE_integer("index", None, "Execute this run alone, for the array jobs of a scheduler.")
flags.DEFINE_string("shard", None, "k/n: execute every n-th run, from the k-th on.")
flags.DEFINE_integer("jobs", 1, "Runs at a time on this machine.")
flags.DEFINE_integer("cores", None, "Cores of each run. Default: those of this machine / jobs; with --ray, 1.")
flags.DEFINE_float("gpus", 0.0, "With --ray: GPUs of each run.")
flags.DEFINE_bool("retry", True, "Try runs again that failed before.")
flags.DEFINE_float("lease", SECONDS, "Seconds after which a run of a dead worker on another machine is taken over.")
flags.DEFINE_flag(
    flags.Flag(
        flags.ArgumentParser(),
        flags.ArgumentSerializer(),
        "ray",
        None,
        "Execute the runs on Ray: --ray on this machine, --ray=<address> on a cluster.",
        boolean=True,
    )
)

ONLY_MODELS = ("set", "seeds", "dataset", "steps", "batch_size", "learning_rate", "metrics", "images", "bootstrap")


def main(argv: list[str]) -> None:
    """Executes the selected runs; the exit code is 1 if a run failed.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program = program_name(argv)
    try:
        study = select_study()
        runs = select_runs(study)
        folder = Path(FLAGS.out or f"runs/{study.name}")
        if FLAGS.list:
            print("\n".join(f"{run.number:5d}  {state_of(folder / run.name, run):11s}  {run.name}" for run in runs))
            return
        if FLAGS.dry_run:
            print(estimated(runs))
            return
        record_study(study, folder)
        print(f"{study.name}: {len(runs)} of {len(study.runs)} runs in {folder}", flush=True)
        failed = execute(runs, folder)
    except (ValueError, OSError) as error:
        sys.exit(f"{program}: {error}")
    print(f"{len(runs) - len(failed)} of {len(runs)} runs are done. `vaezoo collect {folder}` tabulates them.")
    if failed:
        names = "\n".join(f"  {folder / run.name}/log.txt" for run in failed)
        sys.exit(f"{program}: {len(failed)} runs failed. Their output:\n{names}")


def select_study() -> Study:
    """Returns the study of --study, or builds that of --models.

    Raises:
        ValueError: for neither or both, unknown names, or a flag that --study does not take.
        OSError: if a study's file cannot be read.
    """
    if bool(FLAGS.study) == bool(FLAGS.models):
        raise ValueError(f"Expected --study=<name or file> or --models=<names>. Studies: {', '.join(STUDIES)}")
    if FLAGS.study:
        if given := [f"--{name}" for name in ONLY_MODELS if FLAGS[name].present]:
            raise ValueError(f"A study has its own settings. Received with --study: {', '.join(given)}")
        study = load_study(FLAGS.study)
        if study is not STUDIES.get(study.name):
            import_quietly("vaezoo.evaluation.registry")
            validate_runs(study.runs)
        return study
    pairs = [parse_values(text) for text in FLAGS.set]
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("Expected each name in --set once, as --set beta=1,4")
    settings = {
        name: getattr(FLAGS, name)
        for name in ("dataset", "steps", "batch_size", "learning_rate", "images", "bootstrap")
        if getattr(FLAGS, name)
    }
    import_quietly("vaezoo.evaluation.registry")
    study, notes = grid(FLAGS.models, values, FLAGS.seeds, {**settings, "metrics": FLAGS.metrics})
    validate_runs(study.runs)
    for note in notes:
        print(note, file=sys.stderr)
    return study


def select_runs(study: Study) -> list[RunSpec]:
    """Returns the runs of --index or --shard, or all.

    Raises:
        ValueError: for an impossible index or shard.
    """
    if FLAGS.index is not None:
        if not 0 <= FLAGS.index < len(study.runs):
            raise ValueError(f"Expected --index from 0 to {len(study.runs) - 1}. Received: {FLAGS.index}")
        return [study.runs[FLAGS.index]]
    return study.runs if FLAGS.shard is None else select_shard(study.runs, FLAGS.shard)


def options() -> WorkerOptions:
    """Returns the options of the workers.

    Raises:
        ValueError: for fewer than one job or core, or a lease of no length.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    default = 1 if FLAGS.ray else max(1, available // max(1, FLAGS.jobs))
    cores = default if FLAGS.cores is None else FLAGS.cores
    if FLAGS.jobs < 1 or cores < 1 or FLAGS.lease <= 0:
        raise ValueError("Expected --jobs and --cores to be at least 1, and --lease to be above 0")
    data_dir = str(Path(FLAGS.data_dir).expanduser().absolute()) if FLAGS.data_dir else None
    return WorkerOptions(data_dir, cores, FLAGS.lease)


def execute(runs: Sequence[RunSpec], folder: Path) -> list[RunSpec]:
    """Executes runs on Ray or in local processes, and returns those that failed."""
    if FLAGS.ray and FLAGS.ray != "false":
        from vaezoo.sweep.ray_engine import execute_on_ray

        address = None if FLAGS.ray == "true" else FLAGS.ray
        return execute_on_ray(
            runs, folder, address=address, options=options(), gpus=FLAGS.gpus, retry_failed=FLAGS.retry
        )
    return execute_locally(runs, folder, jobs=FLAGS.jobs, options=options(), retry_failed=FLAGS.retry)


def estimated(runs: Sequence[RunSpec]) -> str:
    """Returns the table of --dry_run."""
    from vaezoo.sweep.estimate import estimate, report

    return report(estimate(runs, options()), FLAGS.jobs, options().cores)

"""Stage 14: many runs: studies as data, workers, and the results of all in one table.

vaezoo sweep --study=quick --jobs=2
vaezoo sweep --models=beta_vae,nonsyn --set beta=1,4,16 --seeds=5 --steps=2000
vaezoo collect runs/quick

combinators  sweep, zipped, chain, product: lists of settings
study        Study, RunSpec: names, digests and commands of runs
studies      the studies that vaezoo ships
grid         studies from flags
loading      load_study: by name, or from a Python file
lease        one worker at a time has a run
records      study.json, sweep.json, error.json; the state of a run
worker       one run: train, evaluate, record
processes    processes forked from one that has imported TensorFlow
engine       execute_locally: local processes that share the cores out
ray_engine   execute_on_ray: Ray tasks
estimate     runs, steps and hours of a study
status       done, running, failed, time left; status.json
table        results.csv: a row for each run
summary      summary.csv: means and intervals over seeds
correlation  rank correlations of scores over runs
drawing      violins, trade-offs, heat map
hparams      what TensorBoard's HParams dashboard shows
collecting   collect: all of these of one folder
"""

from vaezoo.sweep.combinators import Settings, chain, product, sweep, zipped
from vaezoo.sweep.loading import load_study
from vaezoo.sweep.studies import STUDIES
from vaezoo.sweep.study import RunSpec, Study

__all__ = ["STUDIES", "RunSpec", "Settings", "Study", "chain", "load_study", "product", "sweep", "zipped"]

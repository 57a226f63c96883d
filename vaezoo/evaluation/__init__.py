"""Stage 12: all scores of a trained model: a table, scores.json and figures.

vaezoo evaluate --run=runs/nonsyn_dsprites --figures=all
vaezoo evaluate --run=saved_models/nonsyn/3 --metrics=mig,dci --bootstrap=200
vaezoo evaluate --run=runs/sweep --by=beta

arguments    names, formats and the data set, normalised and checked
context      EvaluationContext: the inputs of metrics and figures
registry     METRICS: what each metric needs and is called with
figures      FIGURES: what each figure needs, and how it is drawn
selection    the metrics and figures that apply, by name and group
report       scores.json and the table
result       Evaluation, FigureError
pipeline     evaluate: load, select, encode, score, write, draw
settings     training settings of several runs compared
udr          evaluate_seeds: UDR of runs of several seeds
sweep        trade_offs: scores of evaluated runs against a hyperparameter
"""

from vaezoo.evaluation.pipeline import evaluate
from vaezoo.evaluation.result import Evaluation, FigureError
from vaezoo.evaluation.sweep import trade_offs
from vaezoo.evaluation.udr import evaluate_seeds

__all__ = ["Evaluation", "FigureError", "evaluate", "evaluate_seeds", "trade_offs"]

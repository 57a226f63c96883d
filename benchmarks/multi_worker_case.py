"""A worker of `multi_worker.py`: `vaezoo train` that notes the time of each row."""

import json
import sys
import time
from pathlib import Path

from absl import app

from vaezoo.cli.startup import import_quietly

command, metrics_logger = (import_quietly(f"vaezoo.{name}") for name in ("cli.train", "training.metrics_logger"))
log_row, times = metrics_logger.MetricsLogger.log_row, {}


def timed(self: metrics_logger.MetricsLogger, row: dict[str, float]) -> None:
    """Logs a row; the first worker writes the times of all rows so far, in seconds by step, to times.json."""
    times[row["step"]] = time.perf_counter()
    log_row(self, row)
    if self.writes:
        Path("times.json").write_text(json.dumps(times))


if __name__ == "__main__":
    metrics_logger.MetricsLogger.log_row = timed
    sys.argv[0] = "multi_worker_case.py"
    app.run(command.main)

"""Checks of the intervals of a training."""

from __future__ import annotations


def check_intervals(steps_per_execution: int, **intervals: int) -> None:
    """Checks that every interval is positive and a multiple of `steps_per_execution`.

    Args:
        steps_per_execution: training steps per compiled call.
        **intervals: numbers of training steps, by the name that an error message gives them.

    Raises:
        ValueError: if an interval is below 1 or not a multiple.
    """
    for name, value in intervals.items():
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}")
        if value % steps_per_execution:
            raise ValueError(
                f"`{name}` must be a multiple of steps_per_execution={steps_per_execution}. Received: {value}"
            )

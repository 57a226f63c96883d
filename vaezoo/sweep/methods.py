"""Groups the runs of a sweep by method, with the weight that each method varies."""

from __future__ import annotations

from numbers import Real

from vaezoo.sweep.table import Row, Table, cell, differing

WEIGHT = "weight"


def methods_of(table: Table) -> dict[str, list[Row]]:
    """Groups the finished runs by method.

    A method is a model, with the settings that are not numbers where they differ between its runs ("dip_vae, kind=i").
    Its weight is the first number in which its runs differ. Other numbers that differ at one weight divide the method,
    too; those that go along with the weight do not.

    Args:
        table: of the sweep.

    Returns:
        The name of each method -> its rows, with the value of the weight under `WEIGHT` (None without one) and its
        name under "weight_name".
    """
    methods: dict[str, list[Row]] = {}
    names = [name for name in table.settings if name not in ("model", "dataset")]
    for model in dict.fromkeys(row["model"] for row in table.done):
        runs = [row for row in table.done if row["model"] == model]
        varied = [name for name in differing([{n: row.get(n) for n in names} for row in runs]) if name in names]
        kinds = [name for name in varied if not all(is_number(row.get(name)) for row in runs)]
        groups: dict[tuple, list[Row]] = {}
        for row in runs:
            groups.setdefault(tuple(str(cell(row.get(name))) for name in kinds), []).append(row)
        for values, group in groups.items():
            label = [model, *(f"{name}={value}" for name, value in zip(kinds, values, strict=True))]
            for parts, rows in divided(group, names).items():
                methods.setdefault(", ".join([*label, *parts]), []).extend(rows)
    return methods


def divided(group: list[Row], names: list[str]) -> dict[tuple[str, ...], list[Row]]:
    """Finds the weight of runs that differ by numbers, and divides them by the others that differ at one weight.

    Args:
        group: rows of one model.
        names: columns of settings. Hyperparameters are preferred to steps, batch size and learning rate.

    Returns:
        The further parts of the method's name -> its rows.
    """
    hyperparameters_first = sorted(names, key=lambda name: name in ("steps", "batch_size", "learning_rate"))
    numbers = [n for n in differing([{n: row.get(n) for n in hyperparameters_first} for row in group])]
    weight = numbers[0] if numbers else None
    points: dict[object, list[Row]] = {}
    for row in group:
        points.setdefault(row.get(weight) if weight else None, []).append(row)
    others = {n for at in points.values() for n in differing([{n: r.get(n) for n in numbers[1:]} for r in at])}
    found: dict[tuple[str, ...], list[Row]] = {}
    for value, rows in points.items():
        for row in rows:
            parts = tuple(f"{name}={row.get(name):g}" for name in numbers if name in others)
            found.setdefault(parts, []).append({**row, WEIGHT: value, "weight_name": weight})
    return found


def is_number(value: object) -> bool:
    """Returns whether a value is a number and not a bool."""
    return isinstance(value, Real) and not isinstance(value, bool)

"""The `tf.distribute` strategies of `vaezoo train --strategy`."""

from __future__ import annotations

import json
import os

import tensorflow as tf

STRATEGIES = ("none", "mirrored", "multi_worker")


def create_strategy(name: str, devices: int | None = None) -> tf.distribute.Strategy | None:
    """Creates the strategy of a training. Must be called before TensorFlow builds its devices.

    Args:
        name: one of `STRATEGIES`.
        devices: for "mirrored", the number of GPUs, by default all; or of logical CPUs, where there is no GPU.

    Returns:
        The strategy; None for "none".

    Raises:
        ValueError: if the machine or the environment's TF_CONFIG does not allow the strategy.
    """
    if devices is not None and (name != "mirrored" or devices < 1):
        raise ValueError(f"--devices=N, at least 1, belongs to --strategy=mirrored. Received: {devices} with {name}")
    if name == "mirrored":
        return mirrored(devices)
    if name == "multi_worker":
        check_tf_config(os.environ.get("TF_CONFIG", ""))
        return tf.distribute.MultiWorkerMirroredStrategy()
    return None


def mirrored(devices: int | None) -> tf.distribute.Strategy:
    """Returns the strategy of several GPUs, or logical CPUs, of this machine; see `create_strategy`."""
    gpus, cpus = (tf.config.list_physical_devices(kind) for kind in ("GPU", "CPU"))
    if not gpus and devices is None:
        raise ValueError("--strategy=mirrored found no GPU. With --devices=N it trains on N logical CPUs.")
    if gpus and (devices or 1) > len(gpus):
        raise ValueError(f"--devices must be at most {len(gpus)}, the number of GPUs. Received: {devices}")
    if not gpus:
        tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * devices)
    kind, number = ("GPU", devices or len(gpus)) if gpus else ("CPU", devices)
    return tf.distribute.MirroredStrategy([f"{kind}:{i}" for i in range(number)])


def check_tf_config(text: str) -> None:
    """Checks the environment variable TF_CONFIG, which names all workers and this one.

    Raises:
        ValueError: if it does not.
    """
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        if set(config["cluster"]) == {"worker"} and task["type"] == "worker" and 0 <= task["index"] < len(workers):
            return
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(
        "--strategy=multi_worker expects TF_CONFIG to name all workers and, by its index, this one, as in "
        '{"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker", "index": 0}}. '
        f"Received: {text!r}"
    )

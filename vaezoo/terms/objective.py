"""The types of objectives, which models compose of terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf

Batch: TypeAlias = tf.Tensor | tuple[tf.Tensor, ...]
"""A batch as a step gets it: images [B, H, W, C], or several tensors, such as a pair or images and their labels."""

Terms: TypeAlias = dict[str, tf.Tensor]
"""Terms by name, and the "loss": [B] nats each, or a scalar where a term is one of the whole batch."""

Objective: TypeAlias = Callable[..., Terms]
"""A function `objective(x, key, training)`, such as `BaseVAE.objective`."""

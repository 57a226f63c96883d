"""Training on several devices or by several processes, the workers: what each reads, and what all agree on."""

from __future__ import annotations

import contextlib
import hashlib

import keras
import numpy as np
import tensorflow as tf

from vaezoo.data import ImageData
from vaezoo.data.reading import Share
from vaezoo.models import BaseVAE
from vaezoo.training.checkpoint_manager import to_numpy

DISTRIBUTED = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)


class Workers:
    """The processes that train a model together under a `tf.distribute.Strategy`; one under any but multi-worker.

    The first worker, the chief, alone reads and writes the folder of a run. All methods but `batches` are collective:
    every worker calls them in the same order, and waits there for the others.

    Args:
        strategy: of the model, or the default strategy.

    Attributes:
        strategy: the above.
        chief: whether this process is the first worker.
        replicas: the number of replicas of all workers.
        local: the number of replicas of this worker.
        several: whether there are several workers.
        distributed: whether the strategy is one of replicas, not TensorFlow's default.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        """Reads the place of this process from the strategy."""
        self.strategy = strategy
        self.chief = bool(strategy.extended.should_checkpoint)
        self.replicas = strategy.num_replicas_in_sync
        self.distributed = isinstance(strategy, DISTRIBUTED)
        self.local = len(strategy.extended.worker_devices) if self.distributed else 1
        self.several = self.replicas > self.local
        signature = [tf.TensorSpec([None], tf.int32)]
        self._sum = tf.function(self._sum_words, input_signature=signature, autograph=False)

    def batches(
        self, model: BaseVAE, data: ImageData, batch_size: int, *, seed: int, start_step: int, steps: int
    ) -> tf.data.Dataset | tf.distribute.DistributedDataset:
        """Returns global batches of a data set, of which each replica has its rows.

        Args:
            model: determines the structure of a batch.
            data: the training images.
            batch_size: images of a minibatch of all replicas.
            seed: determines the order of the images.
            start_step: number of the first batch.
            steps: number of batches.

        Raises:
            ValueError: if `batch_size` is not a multiple of the number of replicas, or the model of a strategy executes
                several steps at once, which Keras cannot.
        """
        check_batch_size(batch_size, self.replicas)
        parts = model.batches_per_step
        options = {"seed": seed, "start_step": start_step, "steps": steps}
        if not self.distributed:
            return model.batches(data, batch_size * parts, **options)
        if model.steps_per_execution > 1:
            raise ValueError(f"A strategy needs steps_per_execution=1. Received: {model.steps_per_execution}")

        def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
            share = Share(self.replicas, context.input_pipeline_id * self.local, self.local, parts)
            return model.batches(data, batch_size * parts, share=share, **options)

        return self.strategy.distribute_datasets_from_function(of_worker)

    def from_chief(self, array: np.ndarray) -> np.ndarray:
        """Returns the chief's array, bit for bit; the arrays of all workers have one shape and dtype."""
        if not self.several:
            return array
        content = (array if self.chief else np.zeros_like(array)).tobytes()
        words = np.frombuffer(content + bytes(-len(content) % 4), np.int32)
        received = self._sum(words).numpy().tobytes()[: len(content)]
        return np.frombuffer(received, array.dtype).reshape(array.shape)

    def any(self, flag: bool) -> bool:
        """Returns whether the flag of any worker is set."""
        if not self.several:
            return flag
        return bool(self._sum(np.array([flag], np.int32)).numpy()[0])

    def finish(self) -> None:
        """Waits for the other workers. A worker must not end before, while others still receive from it.

        A worker that has passed this point may end, which is no error here.
        """
        with contextlib.suppress(tf.errors.UnavailableError, tf.errors.AbortedError):
            self.any(False)

    def check_same(self, text: str, what: str) -> None:
        """Raises ValueError on all workers unless they call it with the same text.

        Args:
            text: what must be the same.
            what: its name, for the message.
        """
        digest = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.int32)
        if self.any(not np.array_equal(self.from_chief(digest), digest)):
            raise ValueError(f"Expected all workers to have the same {what}. Received others on some of them.")

    def share_state(self, variables: dict[str, keras.Variable], step: int) -> int:
        """Assigns the chief's values to the variables of the other workers.

        Args:
            variables: by name, the same on all workers.
            step: the training step of these values; what other workers give is not used.

        Returns:
            The chief's step.
        """
        if not self.several:
            return step
        for name in sorted(variables):
            value = self.from_chief(to_numpy(variables[name]))
            if not self.chief:
                variables[name].assign(value)
        return int(self.from_chief(np.array(step, np.int64)))

    def _sum_words(self, words: tf.Tensor) -> tf.Tensor:
        """Returns the sum of int32 [n] over the workers; of each, its first replica counts."""

        def total(words: tf.Tensor) -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            first = tf.equal(context.replica_id_in_sync_group % self.local, 0)
            return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.where(first, words, 0))

        return self.strategy.experimental_local_results(self.strategy.run(total, (words,)))[0]


def check_batch_size(batch_size: int, replicas: int) -> None:
    """Raises ValueError unless a global batch divides among the replicas."""
    if batch_size % replicas:
        raise ValueError(
            f"`batch_size` is that of all replicas together and must be a multiple of {replicas}. "
            f"Received: {batch_size}"
        )

"""A training by several processes of one machine, each a worker."""

import json
import os
import signal
import socket
import sys

import forked


def free_ports(number):
    """Ports that no process listens on."""
    sockets = [socket.socket() for _ in range(number)]
    for listener in sockets:
        listener.bind(("127.0.0.1", 0))
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def train(folder, *flags, workers=2, exported=False, dies=None, timeout=120):
    """Exit codes and outputs of `vaezoo train` by several workers, or one process for workers=1.

    No figure is drawn. `dies` = (worker, step) kills one after that step.
    """
    folder.mkdir(exist_ok=True)
    addresses = [f"127.0.0.1:{port}" for port in free_ports(workers)]
    processes = []
    for index in range(workers):
        config = json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})
        step = dies[1] if dies and dies[0] == index else None
        all_flags = [*flags, "--nofigures", f"--export={exported}"]
        all_flags += ["--strategy=multi_worker"] if workers > 1 else []
        arguments = (config, folder, folder / f"worker_{index}.txt", all_flags, step)
        processes.append(forked.CONTEXT.Process(target=worker, args=arguments))
        processes[-1].start()
    for process in processes:
        process.join(timeout)
        process.kill()  # nothing happens to one that has ended
        process.join()
    return [process.exitcode for process in processes], [
        (folder / f"worker_{index}.txt").read_text() for index in range(workers)
    ]


def worker(config, folder, output, flags, dies_after):
    """One worker: what it prints goes to a file, and its exit code is that of the command."""
    import tensorflow as tf

    from vaezoo.data import rows
    from vaezoo.training.checkpoint_callback import CheckpointCallback

    if "--strategy=multi_worker" in flags:
        rows.STREAMED_FROM = 0
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # slower than the few steps here
    os.environ["TF_CONFIG"] = config
    finish = CheckpointCallback.on_train_batch_end

    def finish_then_die(self, batch, logs=None):
        finish(self, batch, logs)
        if self.logger.start + batch + 1 == dies_after:
            os.kill(os.getpid(), signal.SIGKILL)

    CheckpointCallback.on_train_batch_end = finish_then_die
    sys.exit(forked.run(["-m", "vaezoo", "train", *flags], folder, output, output))

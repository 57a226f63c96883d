"""Settings of a short training, and a model that is interrupted after a given step."""

import signal

SETTINGS = {"steps": 12, "batch_size": 4, "seed": 5, "log_every": 4, "checkpoint_every": 3}


def terminate():
    signal.raise_signal(signal.SIGTERM)


def after_step(model, step, act):
    """Returns the model, which calls `act` after training step `step`."""
    make = model.make_train_function

    def make_train_function(force=False):
        make(force)
        train = model.train_function

        def train_then_act(iterator):
            logs = train(iterator)
            if model.step.numpy() == step:
                act()
            return logs

        model.train_function = train_then_act
        return train_then_act

    model.make_train_function = make_train_function
    return model

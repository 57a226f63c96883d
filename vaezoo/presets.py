"""The papers' hyperparameters as plain data, each with its source.

network: "conv" or "mlp", or a dict with that `kind` and options of its `encoder` and `decoder` builders.
batch_size: images in one minibatch; a step draws `model.batches_per_step` of them.
The first preset of a model also gives the optimizer, batch size and steps where a model is asked for by name.
"""

KIM_ADAM = {"learning_rate": 1e-4, "beta_1": 0.9, "beta_2": 0.999}

DSPRITES = {
    "dataset": "dsprites",
    "image_shape": (64, 64, 1),
    "network": "conv",
    "latents": {"gaussian": 10},
}

PRESETS = {
    "nonsyn_dsprites": {
        **DSPRITES,
        "model": "nonsyn",
        "hyperparameters": {"alpha": 5.0, "omega": 0.9},
        "optimizer": KIM_ADAM,
        "batch_size": 64,
        "steps": 150_000,
        "source": "Non-Synergistic Variational Autoencoders (ICLR 2019 submission), 7.1 and 7.2",
    },
    "vae_dsprites": {
        **DSPRITES,
        "model": "vae",
        "hyperparameters": {},
        "optimizer": KIM_ADAM,
        "batch_size": 64,
        "steps": 300_000,
        "source": "Kingma & Welling 2013, with the network and training of Kim & Mnih 2018, appendix A (beta = 1)",
    },
    "beta_vae_dsprites": {
        **DSPRITES,
        "model": "beta_vae",
        "hyperparameters": {"beta": 4.0},
        "optimizer": KIM_ADAM,
        "batch_size": 64,
        "steps": 300_000,
        "source": "Higgins et al. 2017 (beta = 4), with the network and training of Kim & Mnih 2018, appendix A",
    },
}

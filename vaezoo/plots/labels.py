"""Formats names of scores, hyperparameters and models as labels of axes and legends."""

from __future__ import annotations

import re
import textwrap

from vaezoo.models import MODELS

HYPERPARAMETERS = {
    "alpha": r"$\alpha$",
    "beta": r"$\beta$",
    "c_max": r"$C_{max}$",
    "beta_y": r"$\beta_y$",
    "gamma": r"$\gamma$",
    "lambda_": r"$\lambda$",
    "lambda_d": r"$\lambda_d$",
    "lambda_od": r"$\lambda_{od}$",
    "omega": r"$\omega$",
    "sigma_r": r"$\sigma_r$",
    "vat_weight": "VAT weight",
    "vat_radius": "VAT radius",
}
SCORES = {
    "reconstruction": "reconstruction (nats)",
    "kl_z": r"$\mathrm{KL}_z$ (nats)",
    "kl_y": r"$\mathrm{KL}_y$ (nats)",
    "elbo": "ELBO (nats)",
    "iwae": "IWAE (nats)",
    "mi_z": "$I(x; z)$ (nats)",
    "mi_y": "$I(x; y)$ (nats)",
    "total_correlation": "total correlation (nats)",
    "dimension_wise_kl": "dimension-wise KL (nats)",
    "chen_mig": "MIG of Chen et al.",
    "infom": "InfoM",
    "infoe": "InfoE",
    "infoc": "InfoC",
}
# The first match counts: "dci_forest" precedes "dci".
PREFIXES = {
    "beta_vae": r"$\beta$-VAE",
    "factor_vae": "FactorVAE",
    "dci_forest": "DCI (forest)",
    "dci": "DCI",
    "mig": "MIG",
    "sap": "SAP",
    "irs": "IRS",
    "nmi": "NMI",
    "ari": "ARI",
    "udr": "UDR",
    "unibound": "UniBound",
}


def axis_label(name: str) -> str:
    """Formats a score name as an axis label.

    Args:
        name: a score or hyperparameter, or several joined by ", ".

    Returns:
        The label, with mathtext for symbols and units in parentheses.
    """
    if ", " in name:
        return ", ".join(map(axis_label, name.split(", ")))
    known = HYPERPARAMETERS | SCORES
    if name in known:
        return known[name]
    if block := re.fullmatch(r"mi_y_(\d+)", name):
        return f"$I(x; y_{{{block[1]}}})$ (nats)"
    for prefix, words in PREFIXES.items():
        if name == prefix or name.startswith(f"{prefix}_"):
            return re.sub(" train$", " (train)", words + name.removeprefix(prefix).replace("_", " "))
    return re.sub(" train$", " (train)", name.replace("_", " "))


def legend_label(method: str) -> str:
    """Formats a method of a sweep, such as "imae, vat_weight=0", as a legend entry, "IMAE, VAT weight = 0"."""
    model, *settings = method.split(", ")
    pairs = (setting.partition("=") for setting in settings)
    formatted = [f"{axis_label(name)}{' = ' if equals else ''}{value}" for name, equals, value in pairs]
    return ", ".join([model_name(model), *formatted])


def model_name(name: str) -> str:
    """Returns the name of a model in its paper, and another name as it is."""
    model = MODELS.get(name)
    return name if model is None else getattr(model, "display_name", model.__name__)


def without_markup(label: str) -> str:
    """Removes mathtext markup from a label, to measure its length: each symbol becomes one character."""
    return re.sub(r"[$_{}^]", "", re.sub(r"\\(?!mathrm)[a-z]+", "x", label).replace("\\mathrm", ""))


def wrap(label: str, width: int) -> str:
    """Wraps a label to lines of at most `width` characters, unless it fits without its markup."""
    return label if len(without_markup(label)) <= width else "\n".join(textwrap.wrap(label, width))


def block_label(block: int, blocks: int) -> str:
    """Formats the name of a categorical latent: y if it is the only one of `blocks`, otherwise y_0, y_1, ..."""
    return "$y$" if blocks == 1 else f"$y_{{{block}}}$"

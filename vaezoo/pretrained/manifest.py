"""The manifest of the trained models: manifest.json, an object of preset -> `TrainedModel`."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

FILE = "manifest.json"
EXPECTED = "an object of trained models by preset, as `vaezoo publish` writes it"
SUFFIXES = ("_se", "_low", "_high")
"""Endings of the names of standard errors and of the ends of intervals, which stand beside the scores."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """The trained model of a preset: <preset>/<version>/ in the folder of the manifest.

    Attributes:
        version: number of the version.
        model: a key of `vaezoo.models.MODELS`.
        steps: training steps. They may be fewer than those of the preset.
        images: that the training has drawn: steps x minibatches of a step x batch size.
        seed: seed of the training.
        precision: in which the networks compute.
        commit: of the code that trained the last steps, "-dirty" if its files had changes; None if it is not known.
        packages: versions of the packages of the training.
        data: `name`, `origin`, `size` and `digest` of the training images.
        settings: of the training, as `pretrained.settings.preset_settings` returns them.
        scores: metric -> scores of the evaluation, with their intervals.
        evaluation: `split`, `images`, `of` (images in the split), `seed` and `confidence` (of the intervals; None if
            there are none) of the evaluation.
        check: a score that is cheap to reproduce; see `pretrained.score_check`.
        bytes: size of all files.
        files: SHA-256 of each file, by its path relative to the version's folder.
    """

    version: int
    model: str
    steps: int
    images: int
    seed: int
    precision: str
    commit: str | None
    packages: Mapping[str, str]
    data: Mapping[str, Any]
    settings: Mapping[str, Any]
    scores: Mapping[str, Mapping[str, float]]
    evaluation: Mapping[str, Any]
    check: Mapping[str, Any]
    bytes: int
    files: Mapping[str, str]

    @property
    def flat_scores(self) -> dict[str, float]:
        """The scores by name, without intervals and standard errors."""
        return {
            name: value
            for scores in self.scores.values()
            for name, value in scores.items()
            if not name.endswith(SUFFIXES) and value is not None
        }


def parse(text: str, place: str) -> dict[str, TrainedModel]:
    """Parses a manifest.

    Args:
        text: the content of manifest.json.
        place: where it comes from, for the error message.

    Returns:
        The trained models by preset.

    Raises:
        ValueError: if it is not a manifest.
    """
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            raise TypeError(f"a {type(content).__name__} in the place of an object")
        models = {preset: TrainedModel(**entry) for preset, entry in content.items()}
        for preset, trained in models.items():
            if not (isinstance(trained.version, int) and trained.version > 0):
                raise ValueError(f"version {trained.version!r} of {preset!r}")
            if not all(re.fullmatch("[0-9a-f]{64}", digest) for digest in trained.files.values()):
                raise ValueError(f"a digest of {preset!r} that is no SHA-256")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"Expected '{place}' to hold {EXPECTED}. Received: {type(error).__name__}, {error}") from error
    return models


def format_manifest(models: Mapping[str, TrainedModel]) -> str:
    """Formats a manifest as JSON, in alphabetical order of the presets."""
    entries = {preset: dataclasses.asdict(models[preset]) for preset in sorted(models)}
    return json.dumps(entries, indent=1) + "\n"

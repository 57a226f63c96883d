"""The trained models of this clone, all of its manifest. The same check of a small run is in test_publishing.py."""

import os

import pytest
from tiny_preset import check_published

import vaezoo
from vaezoo.pretrained.places import CLONE, read_manifest

MANIFEST = read_manifest(str(CLONE))


@pytest.mark.parametrize("preset", MANIFEST)
def test_every_trained_model_loads_and_has_its_digest_and_score(preset, monkeypatch):
    trained = MANIFEST[preset]
    if trained.settings["dataset"] != "dsprites" and "VAEZOO_DATA_DIR" not in os.environ:
        pytest.skip("Needs the images: set VAEZOO_DATA_DIR.")
    monkeypatch.setenv("VAEZOO_WEIGHTS", str(CLONE))
    check_published(CLONE, preset, trained)


def test_the_manifest_lists_presets_of_less_than_100_mb():
    assert set(MANIFEST) <= set(vaezoo.PRESETS)
    assert sum(trained.bytes for trained in MANIFEST.values()) < 100e6


def test_no_trained_model_is_left_out():
    """Every folder that has the name of a preset is in the manifest, with its newest version."""
    newest = {
        child.name: max(int(version.name) for version in child.iterdir() if version.name.isdigit())
        for child in CLONE.iterdir()
        if child.name in vaezoo.PRESETS
    }
    assert newest == {preset: trained.version for preset, trained in MANIFEST.items()}

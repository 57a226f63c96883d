"""Unknown names: what is suggested, and what is not."""

import pytest

from vaezoo.choices import did_you_mean, validate_choice


def test_a_valid_name_passes_from_any_iterable():
    validate_choice("model", "vae", iter(["beta_vae", "vae"]))


@pytest.mark.parametrize(
    "value, hint",
    [
        ("bta_vae", " Did you mean 'beta_vae'?"),
        ("lr", " Did you mean 'learning_rate'?"),  # another library's name, near to none
        ("nothing", ""),
        (None, ""),
        (["beta_vae", "vae"], ""),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(value, hint):
    with pytest.raises(ValueError) as raised:
        validate_choice("model", value, ["beta_vae", "vae"])
    assert str(raised.value) == f"Unknown model {value!r}.{hint} Choose from: beta_vae, vae."


def test_suggestions_of_a_mapping_are_its_values():
    assert did_you_mean("mnits", {"mnist": "tfds:mnist"}) == " Did you mean 'tfds:mnist'?"
    assert did_you_mean("mnits", {"mnist": "tfds:mnist"}, cutoff=0.9) == ""

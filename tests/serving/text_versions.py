"""Versions that hold one small text file, without a model."""

from vaezoo.serving import publishing


def names(folder):
    """Returns the sorted names of the entries of a folder."""
    return sorted(child.name for child in folder.iterdir())


def publish_text(folder, text="x", **options):
    """Publishes a version whose file `model` holds the text, and returns its folder."""
    with publishing(folder, **options) as publication:
        (publication.staging_dir / "model").write_text(text)
    return publication.version

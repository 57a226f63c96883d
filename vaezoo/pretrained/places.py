"""Where trained weights are, a folder or a base address, and their files, verified by digest."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

from vaezoo.durable import replaced_file
from vaezoo.pretrained.manifest import FILE, TrainedModel, parse

CLONE = Path(__file__).parents[2] / "saved_models"
VARIABLE = "VAEZOO_WEIGHTS"
SCHEME = re.compile(r"(https?|file)://")
TIMEOUT = 30.0  # seconds without data


def weights_place() -> str:
    """Returns the folder or base address of the weights: $VAEZOO_WEIGHTS, or else the clone's saved_models.

    Raises:
        ValueError: if neither is there. The message says what to set.
    """
    if place := os.environ.get(VARIABLE):
        return place.rstrip("/") if SCHEME.match(place) else str(Path(place).expanduser())
    if (CLONE / FILE).is_file():
        return str(CLONE)
    raise ValueError(
        f"Trained weights are not part of the installed package. Set the environment's {VARIABLE} to the folder "
        f"saved_models of a clone, or to an http://, https:// or file:// address of it; it holds {FILE}."
    )


def read_manifest(place: str) -> dict[str, TrainedModel]:
    """Reads the manifest of a folder or base address.

    Returns:
        The trained models by preset.

    Raises:
        ValueError: if there is no manifest, or it is damaged.
    """
    address = f"{place}/{FILE}"
    try:
        content = read(address)
    except OSError as error:
        raise ValueError(
            f"Expected {VARIABLE} to be a folder or an address with a {FILE}. Received: {place!r} ({reason(error)})"
        ) from error
    return parse(content.decode(errors="replace"), address)


def fetch_files(place: str, preset: str, trained: TrainedModel, names: tuple[str, ...]) -> Path:
    """Returns a folder that holds verified files of a trained model, which are downloaded if it is at an address.

    Downloaded files are kept in $KERAS_HOME/vaezoo, by default ~/.keras/vaezoo, and are verified each time.

    Args:
        place: folder or base address of the weights.
        preset: the name of the preset.
        trained: its trained model.
        names: of the files, relative to the version's folder.

    Raises:
        ValueError: if a file is missing, cannot be downloaded, or has another digest than the manifest's.
        OSError: if a downloaded file cannot be written.
    """
    version = f"{preset}/{trained.version}"
    folder = Path(place, version)
    if SCHEME.match(place):
        folder = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "vaezoo" / version
    for name in names:
        if name not in trained.files:
            raise ValueError(f"Expected {place}/{FILE} to have the digest of {name} of {preset!r}. It has none.")
        file, address = folder / name, f"{place}/{version}/{name}"
        if SCHEME.match(place) and sha256_of(file) != trained.files[name]:
            download(address, file, trained.files[name])
        elif sha256_of(file) != trained.files[name]:
            raise ValueError(damaged(address, "is missing" if not file.exists() else None))
    return folder


def download(address: str, file: Path, digest: str) -> None:
    """Downloads a file, verifies it, and renames it into place.

    Args:
        address: its URL.
        file: where it is kept.
        digest: its SHA-256.

    Raises:
        ValueError: if it cannot be downloaded, or has another digest. Nothing is left behind.
    """
    try:
        content = read(address)
    except OSError as error:
        raise ValueError(f"{address} cannot be downloaded: {reason(error)}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(damaged(address))
    file.parent.mkdir(parents=True, exist_ok=True)
    with replaced_file(file) as staging:
        staging.write_bytes(content)


def read(address: str) -> bytes:
    """Reads a file, by its path or its http, https or file URL.

    Raises:
        OSError: if it cannot be read, or the connection ends before the file does.
    """
    if not SCHEME.match(address):
        return Path(address).read_bytes()
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as response:
            return response.read()
    except (http.client.HTTPException, ValueError) as error:  # an incomplete answer, or an invalid URL
        raise OSError(f"{type(error).__name__}: {error}") from error


def sha256_of(file: Path) -> str | None:
    """Returns the SHA-256 of a file, in hexadecimal; None if there is no such file."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def reason(error: OSError) -> str:
    """Returns why a file could not be read, without its address."""
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code}"
    return str(getattr(error, "reason", None) or error.strerror or error)


def damaged(address: str, how: str | None = None) -> str:
    """Returns the message for a file whose digest is not the manifest's."""
    return f"{address} {how or f'is damaged: its SHA-256 is not that of {FILE}'}. Get a copy of the whole folder again."

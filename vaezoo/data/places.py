"""Where the files of data sets are searched."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Request:
    """What `vaezoo.data.load` was asked for, besides the name.

    Attributes:
        data_dir: the folder to search first, or None.
        split: the name of a split.
        streamed: True to read images from their files when batches need them, where the format allows it; False to
            read them into memory; None to decide by their size.
    """

    data_dir: str | os.PathLike | None = None
    split: str = "train"
    streamed: bool | None = None

    @property
    def folders(self) -> list[Path]:
        """The folders to search, in their order."""
        return list(self._given().values())

    def check_folders(self) -> None:
        """Checks that the folders exist.

        Raises:
            FileNotFoundError: if one does not.
        """
        for of, folder in self._given().items():
            if not folder.is_dir():
                raise FileNotFoundError(f"Expected `{of}` to be an existing folder. Received: '{folder}'")

    def _given(self) -> dict[str, Path]:
        given = {"data_dir": self.data_dir, "VAEZOO_DATA_DIR": os.environ.get("VAEZOO_DATA_DIR")}
        return {of: Path(folder).expanduser() for of, folder in given.items() if folder}

    def places(self, name: str) -> list[Path]:
        """Returns the paths that a name can stand for: itself, and in each of the folders."""
        return [Path(name).expanduser(), *(folder / name for folder in self.folders)]

    def first(self, *names: str) -> Path | None:
        """Returns the first file of one of `names` in the first folder that has one, or None."""
        paths = (folder / name for folder in self.folders for name in names)
        return next((path for path in paths if path.is_file()), None)

    def check_split(self, name: str, choices: Sequence[str] = ("train",)) -> None:
        """Checks that a set has the split.

        Raises:
            ValueError: if it is not one of `choices`; `name` is that of the set.
        """
        if self.split not in choices:
            raise ValueError(f"Unknown split '{self.split}' of '{name}'. Choose from: {', '.join(choices)}")

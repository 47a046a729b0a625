"""Where media files are stored."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage


class MediaStorage(FileSystemStorage):
    """A folder that keeps no empty folders."""

    def delete(self, name: str) -> None:
        super().delete(name)
        with suppress(OSError):  # it holds more files
            for folder in Path(self.path(name)).parents:
                if folder == Path(self.location):
                    break
                os.rmdir(folder)

    def _save(self, name: str, content: Any) -> str:
        try:
            saved: str = super()._save(name, content)  # type: ignore[misc]
        except FileNotFoundError:  # its folder was just removed
            saved = super()._save(name, content)  # type: ignore[misc]
        return saved

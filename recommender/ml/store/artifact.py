"""Artifacts: one folder for each training run, with `manifest.json`, arrays, documents
and an index.

A folder is written atomically, never changes, and holds no pickle. Its arrays are
memory-mapped, so that all web processes of a machine share one copy.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.store.atomic_folder import new_folder

FORMAT = 1
LIBRARIES = ("numpy", "scipy", "torch", "torch-geometric", "faiss-cpu")


class ArtifactError(Exception):
    """An artifact folder is missing, incomplete or altered."""


@dataclass(frozen=True)
class Manifest:
    """Describes a run: enough to identify it, repeat it and check its files."""

    model: str
    config: Mapping[str, Any]
    data_hash: str
    snapshot_taken_at: float
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created_at: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


def write(
    folder: Path,
    manifest: Manifest,
    *,
    arrays: Mapping[str, npt.NDArray[Any]],
    documents: Mapping[str, Any],
    files: Mapping[str, Callable[[Path], None]],
) -> Manifest:
    """Create ``folder`` with ``NAME.npy`` per array, ``NAME.json`` per document and
    the ``files`` (name -> function that writes to a path).

    Returns the manifest with dates, versions and checksums filled in. Raises
    `FileExistsError` if the folder exists.
    """
    with new_folder(folder) as part:
        for name, array in arrays.items():
            np.save(part / f"{name}.npy", array, allow_pickle=False)
        for name, document in documents.items():
            (part / f"{name}.json").write_text(json.dumps(document, allow_nan=False))
        for name, write_file in files.items():
            write_file(part / name)
        values = asdict(manifest) | {
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": {"python": platform.python_version()}
            | {name: version(name) for name in LIBRARIES},
            "checksums": {p.name: _checksum(p) for p in sorted(part.iterdir())},
        }
        written = Manifest(**values)
        (part / "manifest.json").write_text(json.dumps(values, indent=2, default=float))
    return written


class Artifact:
    """A folder written by `write`, opened for reading."""

    def __init__(self, folder: Path, *, verify: bool = True) -> None:
        """Read the manifest and, with ``verify``, check every file's checksum.

        Raises `ArtifactError` if the folder does not match its manifest.
        """
        self.folder = folder
        self.manifest = read_manifest(folder)
        if verify:
            for name, expected in self.manifest.checksums.items():
                path = self.path(name)
                if _checksum(path) != expected:
                    raise ArtifactError(f"{path} is damaged: its checksum differs")

    def require_files(self) -> None:
        """Raise `ArtifactError` if a file is missing; their content is not read."""
        for name in self.manifest.checksums:
            self.path(name)

    def path(self, name: str) -> Path:
        """The path of the file ``name``; raises `ArtifactError` if it is missing."""
        path = self.folder / name
        if name not in self.manifest.checksums or not path.is_file():
            raise ArtifactError(f"{path} is missing from the run")
        return path

    def array(self, name: str) -> npt.NDArray[Any]:
        """``NAME.npy``, memory-mapped and read-only."""
        path = self.path(f"{name}.npy")
        try:
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
            array: npt.NDArray[Any] = np.asarray(mapped)  # a memmap is slow to index
        except ValueError:
            array = self._load_small(path)
        return array

    def document(self, name: str) -> Any:
        """The content of ``NAME.json``."""
        path = self.path(f"{name}.json")
        try:
            return json.loads(path.read_text())
        except ValueError as error:
            raise ArtifactError(f"{path} is not readable JSON: {error}") from error

    def section(self, prefix: str) -> Artifact:
        """The files named ``PREFIX.NAME``, as the artifact of one member of a model."""
        return _Section(self, prefix)

    @staticmethod
    def _load_small(path: Path) -> npt.NDArray[Any]:
        """Load an empty array, which cannot be memory-mapped."""
        try:
            array: npt.NDArray[Any] = np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise ArtifactError(f"{path} is not a readable array: {error}") from error
        return array


class _Section(Artifact):
    def __init__(self, whole: Artifact, prefix: str) -> None:
        self.folder, self.manifest = whole.folder, whole.manifest
        self._whole, self._prefix = whole, prefix

    def path(self, name: str) -> Path:
        return self._whole.path(f"{self._prefix}.{name}")


def read_manifest(folder: Path) -> Manifest:
    """Read only the manifest; raises `ArtifactError`."""
    path = folder / "manifest.json"
    try:
        values = json.loads(path.read_text())
        manifest = Manifest(**values)
    except FileNotFoundError as error:
        raise ArtifactError(f"no trained run in {folder}: {path} is missing") from error
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactError(f"{path} is not a readable manifest: {error}") from error
    if manifest.format != FORMAT:
        raise ArtifactError(
            f"{path} has format {manifest.format}, this version reads {FORMAT}: "
            "train again"
        )
    return manifest


def _checksum(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error}") from error

"""What a training has come to, kept on disk so that a killed one can go on.

Who starts a training says where (`kept_in`). A recipe asks for its `slot`: the place
of this configuration on this snapshot, so that whoever comes back with the same goes
on. Where nobody said where, slots forget.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.store.atomic_folder import flush

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

logger = logging.getLogger(__name__)
SUFFIX = ".checkpoint"
T = TypeVar("T")


class Slot:
    """One file that holds the newest checkpoint, whole; nothing without ``path``."""

    def __init__(self, path: Path | None = None, seconds: float = 0.0) -> None:
        self._path, self._seconds = path, seconds
        self._written = time.monotonic()

    def read(self, load: Callable[[Path], T]) -> T | None:
        """What ``load`` makes of what was written last; None where that is nothing, or
        cannot be read."""
        if self._path is None or not self._path.exists():
            return None
        try:
            return load(self._path)
        except Exception as error:  # zip, pickle and key faults alike: begin anew
            logger.warning("%s cannot be read: %s", self._path, error)
            return None

    def write(self, save: Callable[[BinaryIO], None], *, now: bool = False) -> None:
        """Replace what is there, if that was written long enough ago, or ``now``."""
        due = now or time.monotonic() - self._written >= self._seconds
        if self._path is None or not due:
            return
        part = self._path.with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            save(file)
        flush(part)
        part.replace(self._path)
        flush(part.parent)
        self._written = time.monotonic()


@dataclass(frozen=True)
class _Place:
    folder: Path
    seconds: float


_place: ContextVar[_Place | None] = ContextVar("checkpoints", default=None)


@contextmanager
def kept_in(folder: Path, *, seconds: float) -> Iterator[None]:
    """Trainings inside keep their checkpoints in ``folder``, each one file, written
    every ``seconds`` at most. The folder may be deleted when they are done."""
    token = _place.set(_Place(folder, seconds))
    try:
        yield
    finally:
        _place.reset(token)


def slot(snapshot: GraphSnapshot, config: DataclassInstance, stage: str) -> Slot:
    """The slot of a ``stage`` of training with ``config`` on ``snapshot``."""
    place = _place.get()
    if place is None:
        return Slot()
    what = [type(config).__module__, asdict(config), snapshot.content_hash(), stage]
    digest = hashlib.sha256(json.dumps(what).encode()).hexdigest()
    return Slot(place.folder / f"{digest[:24]}{SUFFIX}", place.seconds)


def any_in(folder: Path) -> bool:
    """Whether a training has left a checkpoint in ``folder``."""
    return any(folder.glob(f"*{SUFFIX}"))

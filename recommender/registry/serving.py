"""The runs that this process serves: loaded once, swapped when others are activated.

Processes look for a newer activation once a second at most. One thread loads the new
run; the others continue with the old one. A run that cannot be read is logged once, and
feeds are made without it.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

from django.conf import settings

from recommender.ml.experiments.interleaving import CONTROL, TREATMENT
from recommender.ml.models import registry
from recommender.ml.models.base import Model
from recommender.ml.store.artifact import ArtifactError
from recommender.models import Experiment, ModelRun
from recommender.registry.activation import MODELS, Kind
from recommender.registry.new_videos import ServedModel

logger = logging.getLogger(__name__)

CHECK_EVERY = 1.0  # seconds between two looks for another activation
CHECK_NAMES_EVERY = 30.0  # seconds between two looks for newer runs of a model
RETRY_EVERY = 30.0  # seconds before a run that could not be read is tried again
MODELS_BY_NAME = 4  # in memory, beside the active one; arrays are memory-mapped

ACTIVE = "active"

Loaded = TypeVar("Loaded")
Value = TypeVar("Value")


class RunCache(Generic[Loaded]):
    """Loaded runs by artifact folder, the `size` that were used last.

    `fault` is logged at `level`, with the reason, when a run cannot be read.
    """

    def __init__(
        self,
        load: Callable[[Path], Loaded],
        *,
        size: int,
        fault: str,
        level: int = logging.ERROR,
    ) -> None:
        self._load, self._size = load, size
        self._fault, self._level = fault, level
        self._lock = Lock()
        self._loaded: OrderedDict[Path, Loaded] = OrderedDict()
        self._failed_at: dict[Path, float] = {}

    def get(self, folder: Path) -> Loaded | None:
        """The run of `folder`, None if it cannot be read."""
        with self._lock:
            if folder not in self._loaded and not self._read(folder):
                return None
            self._loaded.move_to_end(folder)
            while len(self._loaded) > self._size:
                self._loaded.popitem(last=False)
            return self._loaded[folder]

    def keep(self, folders: Collection[Path]) -> None:
        """Drop all runs but those of `folders`."""
        with self._lock:
            for known in (self._loaded, self._failed_at):
                for folder in [each for each in known if each not in folders]:
                    del known[folder]

    def is_unreadable(self, folder: Path) -> bool:
        """Whether the run of `folder` could not be read when it was last tried."""
        return folder in self._failed_at

    def _read(self, folder: Path) -> bool:
        failed_at = self._failed_at.get(folder)
        if failed_at is not None and time.monotonic() - failed_at < RETRY_EVERY:
            return False
        try:
            self._loaded[folder] = self._load(folder)
        except ArtifactError as error:
            if failed_at is None:
                logger.log(self._level, "%s: %s", self._fault, error)
            self._failed_at[folder] = time.monotonic()
            return False
        self._failed_at.pop(folder, None)
        logger.info("Serving run %s", folder.name)
        return True


class Refreshed(Generic[Value]):
    """A value read at most every `CHECK_EVERY` seconds, by one thread at a time.

    The first caller waits for the value, and so do all after `root`, the folder of the
    artifacts, has changed; others get the old value while a newer one is read.
    """

    def __init__(self, read: Callable[[], Value], *, root: Callable[[], Path]) -> None:
        self._read, self._root = read, root
        self._lock = Lock()
        self._current: tuple[Path, float, Value] | None = None

    def get(self) -> Value:
        current, root = self._current, self._root()
        if current is None or current[0] != root:
            with self._lock:
                current = self._current
                if current is None or current[0] != root:
                    return self._refresh(root)
                return current[2]
        due = time.monotonic() - current[1] >= CHECK_EVERY
        if due and self._lock.acquire(blocking=False):
            try:
                return self._refresh(root)
            finally:
                self._lock.release()
        return current[2]

    def _refresh(self, root: Path) -> Value:
        value = self._read()
        self._current = root, time.monotonic(), value
        return value


class ActiveRun(Generic[Loaded]):
    """The loaded active run of a kind; `fault` is logged when it cannot be read."""

    def __init__(self, kind: Kind[Any, Loaded], *, fault: str) -> None:
        self._kind = kind
        self._runs = RunCache(kind.load, size=1, fault=fault)
        self._current = Refreshed(self._read, root=self._root)

    def get(self) -> Loaded | None:
        """None where there is none or it cannot be read."""
        return self._current.get()

    def _root(self) -> Path:
        root: Path = getattr(settings, self._kind.runs.root_setting)
        return root

    def _read(self) -> Loaded | None:
        folder = _active_folder(self._kind)
        return self._runs.get(folder) if folder is not None else None


@dataclass(frozen=True)
class Trial:
    """The running experiment, and the models of its arms by their names."""

    experiment: Experiment
    models: Mapping[str, Model]


def active_model() -> Model | None:
    """The model of the active run; None where there is none or it cannot be read."""
    return _served.get()[0]


def trial() -> Trial | None:
    """The running experiment. None without one, and unless both models load."""
    return _served.get()[1]


def model_names() -> list[str]:
    """The models with a finished run whose artifact can be read, sorted."""
    runs = ModelRun.objects.filter(state__in=ModelRun.FINISHED)
    rows = runs.filter(model__in=registry.MODELS).values_list("model", "run_id")
    return sorted(
        {
            name
            for name, run_id in rows
            if not _by_name.is_unreadable(ModelRun.folder_of(run_id))
        }
    )


def model_named(name: str) -> Model | None:
    """The active model if it has this name, else that of the newest run of `name` whose
    artifact can be read; None where there is none.

    Refused runs count: naming a model is how it is compared with the active one.
    """
    active = active_model()
    if active is not None and active.name == name:
        return active
    for folder in _finished_runs(name):
        model = _by_name.get(folder)
        if model is not None:
            return model
    return None


def _read_served() -> tuple[Model | None, Trial | None]:
    active = _active_folder(MODELS)
    running = Experiment.objects.filter(state=Experiment.State.RUNNING)
    experiment = running.select_related("control", "treatment").first()
    folders = {ACTIVE: active} if active is not None else {}
    if experiment is not None:
        folders |= {CONTROL: experiment.control.folder}
        folders |= {TREATMENT: experiment.treatment.folder}
    _models.keep(folders.values())
    served = {name: _models.get(folder) for name, folder in folders.items()}
    models = {name: each.model for name, each in served.items() if each is not None}
    for each in {each for each in served.values() if each is not None}:
        each.add_new_videos()
    model = models.pop(ACTIVE, None)
    if experiment is None or len(models) < 2:
        return model, None
    return model, Trial(experiment, models)


def _active_folder(kind: Kind[Any, Any]) -> Path | None:
    """The artifact folder of the active run, without loading the row."""
    newest: Any = kind.activations.objects
    run_id = newest.values_list("run__run_id", flat=True).first()
    return kind.runs.folder_of(run_id) if run_id else None


def _finished_runs(name: str) -> list[Path]:
    """The artifact folders of the finished runs of a model, the newest first."""
    root = settings.ARTIFACTS_DIR
    key = root, name
    read_at, folders = _newest.get(key, (-CHECK_NAMES_EVERY, []))
    if time.monotonic() - read_at >= CHECK_NAMES_EVERY or not folders:
        runs = ModelRun.objects.filter(model=name, state__in=ModelRun.FINISHED)
        newest = runs.order_by("-created_at").values_list("run_id", flat=True)
        folders = [ModelRun.folder_of(run_id) for run_id in newest]
        _newest[key] = time.monotonic(), folders
    return folders


_models = RunCache(ServedModel.load, size=3, fault="Feeds are made without a model")
_served = Refreshed(_read_served, root=lambda: settings.ARTIFACTS_DIR)
_by_name = RunCache(
    registry.load,
    size=MODELS_BY_NAME,
    fault="Not served by name",
    level=logging.WARNING,
)
_newest: dict[tuple[Path, str], tuple[float, list[Path]]] = {}

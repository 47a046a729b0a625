"""One interface for every model, and the registry that names them.

A model is a pair of modules: a *recipe* with ``Config`` (a frozen dataclass) and
``fit(snapshot, config, progress)``, and a *server* with ``load(artifact)``. They may be
one module; where training needs torch they are two, and serving imports the second
alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from recommender.ml.data.features import ItemFeatures
from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation.metrics import Interval
from recommender.ml.store import artifact
from recommender.ml.store.artifact import Artifact, ArtifactError, Manifest
from recommender.ml.store.vector_index import Hits


@dataclass(frozen=True)
class TrainingStep:
    """One finished epoch: mean ``loss``, ``validation`` Recall@20 if measured."""

    stage: str
    epoch: int
    epochs: int
    loss: float
    validation: float | None
    seconds: float


Progress = Callable[[TrainingStep], None]


def silent(step: TrainingStep) -> None:
    """The progress callback that shows nothing."""


NEWEST = 50  # rows of a trail that `Model.contributions` takes away in turn


@dataclass(frozen=True)
class Contribution:
    """What in a history speaks for an item: its removal lowers the score.

    ``relation`` is watched, liked, follows or interested_in; ``id`` the external id of
    the video, creator or parent category; ``amount`` the score lost without it.
    """

    relation: str
    id: int
    amount: float


@dataclass(frozen=True, eq=False)
class Parts:
    """What a model writes into its folder; see `artifact.write`."""

    arrays: Mapping[str, npt.NDArray[Any]]
    documents: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)

    @classmethod
    def joined(cls, parts: Mapping[str, Parts]) -> Parts:
        """The parts of several models in one folder, each under its prefix; see
        `Artifact.section`."""

        def under(kind: str) -> dict[str, Any]:
            return {
                f"{prefix}.{name}": value
                for prefix, each in parts.items()
                for name, value in getattr(each, kind).items()
            }

        return cls(under("arrays"), under("documents"), under("files"))


class Model(ABC):
    """A fitted model: it scores histories, by external ids, without torch."""

    name: ClassVar[str]
    # What `contributions` may name: relations of which single edges can be taken away.
    reasons: tuple[str, ...] = ("watched",)
    manifest: Manifest
    run: str = ""  # the name of the folder that it was loaded from
    item_ids: IntArray  # sorted; columns of `scores`
    # The models that this one combines, by name.
    members: Mapping[str, Model] = MappingProxyType({})
    # Settings that `fit` searched for: added to its config, it need not search again.
    found: Mapping[str, Any] = MappingProxyType({})

    @abstractmethod
    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        """(len(states), n_items) scores of every item, higher is better."""

    def measures(self, holdout: Holdout, *, seed: int = 0) -> Mapping[str, Interval]:
        """Measures of the model's own, beside those of its ranking."""
        return {}

    @abstractmethod
    def parts(self) -> Parts:
        """What `load` of the same module needs to build the model again."""

    @abstractmethod
    def renewed(self, snapshot: GraphSnapshot) -> Self:
        """The same learned weights over newer nodes and edges, without training."""

    def recommend(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> Hits:
        """The best ``k`` items that the history and ``exclude`` do not hold."""
        seen = np.concatenate([state.watched.ids, np.asarray(exclude, np.int64)])
        return self._best(self.scores([state])[0], k, seen)

    def similar(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        """The ``k`` items nearest to one; empty if the model does not know it."""
        if positions(self.item_ids, item_id)[0] < 0:
            return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
        state = UserHistory(watched=Trail.of([item_id]))
        return self.recommend(state, k=k, exclude=exclude)

    def vectors_of(self, item_ids: npt.ArrayLike) -> FloatArray | None:
        """(len(item_ids), d) of unit length, so that products are cosines, zeros where
        an item is unknown; None from a model without vectors."""
        return None

    def taste(self, state: UserHistory) -> FloatArray | None:
        """(d,): a person's unit vector in the space of `vectors_of`, if there is."""
        return None

    def score_items(self, state: UserHistory, item_ids: npt.ArrayLike) -> FloatArray:
        """(len(item_ids),) scores, NaN for items that the model does not know."""
        scores: FloatArray = self.score_each([state], item_ids)[0]
        return scores

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        """(len(states), len(item_ids)) scores, NaN for unknown items."""
        unknown = np.full((len(states), 1), np.nan, np.float32)
        scores = np.hstack([self.scores(states), unknown])
        return scores[:, positions(self.item_ids, item_ids)].astype(np.float32)

    def explain(
        self, state: UserHistory, item_ids: npt.ArrayLike
    ) -> list[Contribution | None]:
        """For each item the contribution that speaks most for it, or None."""
        every = self.contributions(state, item_ids)
        return [each[0] if each else None for each in every]

    def contributions(
        self, state: UserHistory, item_ids: npt.ArrayLike
    ) -> list[list[Contribution]]:
        """For each item what its score loses without each of the newest interactions,
        by falling amount; what speaks against it is left out.

        Every removal is carried out, none estimated.
        """
        edges = [
            (relation, int(place))
            for relation in self.reasons
            for place in np.argsort(-state.trail(relation).time, kind="stable")[:NEWEST]
        ]
        relations = [relation for relation, _ in edges]
        ids = [int(state.trail(relation).ids[place]) for relation, place in edges]
        reduced = [state.without(*edge) for edge in edges]
        scores = self.score_each([state, *reduced], item_ids)
        lost = np.nan_to_num(scores[0] - scores[1:])
        return [
            [
                Contribution(relations[row], ids[row], float(column[row]))
                for row in np.argsort(-column, kind="stable")
                if column[row] > 0
            ]
            for column in lost.T
        ]

    def _best(self, scores: FloatArray, k: int, exclude: IntArray) -> Hits:
        scores = scores.copy()
        place = positions(self.item_ids, exclude)
        scores[place[place >= 0]] = -np.inf
        order = best(scores[None], k)[0]
        order = order[np.isfinite(scores[order])]
        return Hits(self.item_ids[order], scores[order])


def best(scores: FloatArray, k: int) -> IntArray:
    """(rows, k) positions of the greatest scores, falling; ties by position."""
    k = min(k, scores.shape[1])
    if k == 0:
        return np.empty((len(scores), 0), np.int64)
    top = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1, kind="stable")
    return np.take_along_axis(top, order, 1).astype(np.int64)


@runtime_checkable
class Inductive(Protocol):
    """A model that can place an item it was not trained with."""

    def add_items(
        self, items: Sequence[ItemFeatures], *, time: float | None = None
    ) -> None:
        """Make ``items`` findable, their age taken at ``time``, Unix seconds."""


class TooLargeError(ValueError):
    """There is more data than the model can be fitted to; the message says why."""


class ConfigError(ValueError):
    """No such model, or no such setting of it; the message lists those there are."""


@dataclass(frozen=True)
class Entry:
    """Where a model's recipe and its server live, whether it is computed once a day,
    from the snapshot of that day, and whether its training keeps `checkpoints`."""

    recipe: str
    server: str
    daily: bool = False
    checkpoints: bool = False


MODELS: Mapping[str, Entry] = {
    "blend": Entry(
        "recommender.ml.models.blend", "recommender.ml.models.blend", checkpoints=True
    ),
    "popularity": Entry(
        "recommender.ml.models.popularity", "recommender.ml.models.popularity"
    ),
    "co_watch": Entry(
        "recommender.ml.models.co_watch", "recommender.ml.models.co_watch"
    ),
    "ease": Entry("recommender.ml.models.ease", "recommender.ml.models.ease"),
    "transition": Entry(
        "recommender.ml.models.transition", "recommender.ml.models.transition"
    ),
    "gf_cf": Entry("recommender.ml.models.gf_cf", "recommender.ml.models.gf_cf"),
    "als": Entry("recommender.ml.models.als", "recommender.ml.models.als"),
    "lightgcn": Entry(
        "recommender.ml.models.lightgcn.train", "recommender.ml.models.lightgcn.serve"
    ),
    "content": Entry("recommender.ml.models.content", "recommender.ml.models.content"),
    "hybrid": Entry(
        "recommender.ml.models.legacy.hybrid",
        "recommender.ml.models.legacy.hybrid",
        daily=True,
    ),
    "user_item": Entry(
        "recommender.ml.models.legacy.user_item",
        "recommender.ml.models.legacy.user_item",
    ),
    "ncf": Entry(
        "recommender.ml.models.legacy.ncf.train",
        "recommender.ml.models.legacy.ncf.serve",
    ),
    "sequence": Entry(
        "recommender.ml.models.sasrec.train", "recommender.ml.models.sasrec.serve"
    ),
    "graphsage": Entry(
        "recommender.ml.models.graphsage.train",
        "recommender.ml.models.graphsage.serve",
        checkpoints=True,
    ),
    "graphsage_ids": Entry(
        "recommender.ml.models.linear_sage.train",
        "recommender.ml.models.linear_sage.serve",
        checkpoints=True,
    ),
}


def fit(
    name: str,
    snapshot: GraphSnapshot,
    config: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Model:
    """Train model ``name`` on all of ``snapshot``; raises `ConfigError`.

    ``config`` overrides the recipe's defaults.
    """
    recipe = import_module(_entry(name).recipe)
    known = {f.name for f in fields(recipe.Config)}
    unknown = set(config or {}) - known
    if unknown:
        raise ConfigError(
            f"{name} has no setting {', '.join(sorted(unknown))}; "
            f"it has {', '.join(sorted(known))}"
        )
    chosen = recipe.Config(**(config or {}))
    model: Model = recipe.fit(snapshot, chosen, progress)
    model.manifest = Manifest(
        model=name,
        config=asdict(chosen),
        data_hash=snapshot.content_hash(),
        snapshot_taken_at=snapshot.taken_at,
    )
    return model


def save(
    model: Model,
    folder: Path,
    *,
    metrics: Mapping[str, Any] | None = None,
    files: Mapping[str, Callable[[Path], None]] | None = None,
) -> Manifest:
    """Write ``model`` as the new artifact ``folder``, with ``metrics`` about it and
    ``files`` beside it."""
    parts = model.parts()
    return artifact.write(
        folder,
        Manifest(**{**vars(model.manifest), "metrics": dict(metrics or {})}),
        arrays=parts.arrays,
        documents=parts.documents,
        files={**parts.files, **(files or {})},
    )


def load(folder: Path, *, verify: bool = True) -> Model:
    """The model of an artifact folder; raises `ArtifactError`."""
    opened = Artifact(folder, verify=verify)
    name = opened.manifest.model
    if name not in MODELS:
        raise ArtifactError(f"{folder} holds a model this version lacks: {name}")
    try:
        model = server(name)(opened)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ArtifactError(f"{folder} does not fit its model {name}") from error
    model.manifest = opened.manifest
    model.run = folder.name
    return model


def server(name: str) -> Callable[[Artifact], Model]:
    """What makes model ``name`` from its artifact; raises `ConfigError`."""
    load_model: Callable[[Artifact], Model] = import_module(_entry(name).server).load
    return load_model


def rebuild(folder: Path, new_folder: Path, snapshot: GraphSnapshot) -> Manifest:
    """Embed and index ``snapshot`` with the weights of ``folder``, without training.

    Metrics are kept: they belong to the weights. Raises `ArtifactError`.
    """
    old = load(folder)
    model = old.renewed(snapshot)
    model.manifest = Manifest(
        model=old.manifest.model,
        config=old.manifest.config,
        data_hash=snapshot.content_hash(),
        snapshot_taken_at=snapshot.taken_at,
    )
    return save(model, new_folder, metrics=old.manifest.metrics)


def _entry(name: str) -> Entry:
    if name not in MODELS:
        raise ConfigError(f"no model {name}; there are {', '.join(sorted(MODELS))}")
    return MODELS[name]

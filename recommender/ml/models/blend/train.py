"""Fits a blend: members, their settings and weights are found on a validation part."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Holdout
from recommender.ml.models import registry
from recommender.ml.models.base import (
    Model,
    Progress,
    TooLargeError,
    no_progress,
)
from recommender.ml.models.blend import members, weights
from recommender.ml.models.blend.config import Config
from recommender.ml.models.blend.members import USUAL_SECONDS, Member
from recommender.ml.models.blend.serve import DENSE_ITEMS, Blend
from recommender.ml.models.blend.tuning import Tuner
from recommender.ml.train.budget import Budget, current, within

TUNING_WATCHES = 2_000_000  # more are sampled by people
TUNING_SHARE = 0.4  # of the time, for all members that are no networks


@dataclass(frozen=True, eq=False)
class Choice:
    """What a search found, as settings of `Config`, and the models ``fitted`` to the
    history of its part, with the seconds that each took."""

    settings: Mapping[str, Any]
    fitted: Mapping[str, Model]
    seconds: Mapping[str, float]

    @property
    def weights(self) -> Mapping[str, float]:
        """The weights by member."""
        chosen: Mapping[str, float] = self.settings["weights"]
        return chosen


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Blend:
    """Search what ``config`` leaves open, then fit the members with a weight.

    A network whose fit would take longer than the time left keeps what it learned from
    the history of the part. Raises `ValueError` if the snapshot has too few watches.
    """
    with within(_usual_budget()):
        if config.weights is None:
            choice = find(snapshot, config, progress)
        else:
            names = config.members or tuple(config.weights)
            given = {
                "members": names,
                "weights": config.weights,
                "settings": config.settings,
            }
            choice = Choice(given, {}, {})
        return _fitted(snapshot, config, choice, progress)


def find(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Choice:
    """Find members, settings and weights. Members that raise `TooLargeError` are left
    out."""
    cut = config.cut or splits.usable_cut(snapshot)
    part = _part(snapshot, replace(config, cut=cut))
    wanted = _wanted(part, config, cut)
    fitted: dict[str, Model] = {}
    settings: dict[str, Mapping[str, Any]] = {}
    seconds: dict[str, float] = {}
    tuned = sum(1 for member in wanted if member.axes)
    for member in sorted(wanted, key=lambda each: each.share):  # networks last
        began = time.monotonic()
        share = member.share or TUNING_SHARE / max(tuned, 1)
        with suppress(TooLargeError), within(current().share(share)):
            model, chosen = _member(member, part, progress)
            fitted[member.name] = model
            settings[member.name] = {**chosen, **model.searched}
        seconds[member.name] = time.monotonic() - began
    fitted = {m.name: fitted[m.name] for m in wanted if m.name in fitted}
    if snapshot.n_items > DENSE_ITEMS and config.by_person is None:
        config = replace(config, by_person=False)
    found = weights.search(fitted, part, config)
    searched = {
        "members": tuple(fitted),
        "settings": settings,
        "weights": found.weights,
        "by_person": found.by_person,
    }
    return Choice(searched, fitted, seconds)


def _wanted(part: Holdout, config: Config, cut: str) -> Sequence[Member]:
    if config.members:
        return [Member(name, config.settings.get(name, {})) for name in config.members]
    planned = members.plan(part.history, cut, current())
    return [_with_fixed(each, config.settings.get(each.name, {})) for each in planned]


def _with_fixed(member: Member, fixed: Mapping[str, Any]) -> Member:
    """``member`` with ``fixed`` settings, which are not searched."""
    axes = tuple(axis for axis in member.axes if axis.setting not in fixed)
    return replace(member, settings={**member.settings, **fixed}, axes=axes)


def _member(
    member: Member, part: Holdout, progress: Progress
) -> tuple[Model, Mapping[str, Any]]:
    if member.axes:
        best = Tuner(member, part, progress).best()
        return best.model, best.settings
    model = registry.fit(member.name, part.history, member.settings, progress)
    return model, member.settings


def _fitted(
    snapshot: GraphSnapshot, config: Config, choice: Choice, progress: Progress
) -> Blend:
    """The blend of ``choice``, its members fitted to all of ``snapshot``."""
    found = {
        name: value
        for name, value in choice.settings.items()
        if name != "by_person" or config.by_person is None
    }
    config = replace(config, **found)
    chosen = {
        name: _on_everything(snapshot, name, config, choice, progress)
        for name in config.members
        if choice.weights.get(name, 0) > 0
    }
    return Blend.from_members(chosen, choice.weights, snapshot, config, found)


def _on_everything(
    snapshot: GraphSnapshot,
    name: str,
    config: Config,
    choice: Choice,
    progress: Progress,
) -> Model:
    network = registry.entry(name).network
    if network and choice.seconds.get(name, 0.0) > current().seconds:
        return choice.fitted[name].renewed(snapshot)
    return registry.fit(name, snapshot, config.settings.get(name), progress)


def _usual_budget() -> Budget:
    budget = current()
    return budget if budget.has_limit else replace(budget, seconds=USUAL_SECONDS)


def _part(snapshot: GraphSnapshot, config: Config) -> Holdout:
    sampled = members.sample_of_people(snapshot, TUNING_WATCHES, seed=config.seed)
    part = splits.validation_part(
        sampled,
        config.validation,
        cut=config.cut,
        people=config.people,
        seed=config.seed,
    )
    if part is None:
        _ = snapshot.training_watches  # raises where there are none
        raise ValueError("the watches have too few distinct times to find weights by")
    return part

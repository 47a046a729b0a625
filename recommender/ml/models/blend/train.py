"""Fits a blend: members, their settings and weights are found on a validation part."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

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
from recommender.ml.models.blend.members import Member, usual
from recommender.ml.models.blend.serve import DENSE_ITEMS, Blend
from recommender.ml.models.blend.tuning import Tuner
from recommender.ml.train import warm
from recommender.ml.train.budget import OutOfTimeError, current, within

TUNING_SHARE = 0.5  # of the time, for all members that are no networks
FIRST_SHARE = 0.4  # of what is left, for the first fit of one
WEIGHTS_SHARE = 0.2  # of what is left then
EVERYTHING_SHARE = 0.9  # of what is left then; the rest is for scales and indexes
# Of the time of a whole fit: with less, what the search left is better. Both start from
# it, and ALS may end after any round.
LEAST = {"als": 0.2, "gf_cf": 0.6}
NAME = "blend"
NO_MEMBER = "no member of the blend fitted into the time that was left"


@dataclass(frozen=True, eq=False)
class Fit:
    """A member that was fitted to so many ``watches`` in ``seconds``."""

    model: Model
    seconds: float
    watches: int

    def seconds_for(self, watches: int) -> float:
        """About how long a fit to so many ``watches`` takes."""
        return self.seconds * watches / max(self.watches, 1)


@dataclass(frozen=True, eq=False)
class Choice:
    """What a search found, as settings of `Config`, and the ``fits`` of members to the
    history of its part."""

    settings: Mapping[str, Any]
    fits: Mapping[str, Fit]

    @property
    def weights(self) -> Mapping[str, float]:
        """The weights by member."""
        chosen: Mapping[str, float] = self.settings["weights"]
        return chosen


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Blend:
    """Search what ``config`` leaves open, then fit the members with a weight.

    A member whose fit would take longer than the time left stays as an earlier fit left
    it: that of the search, or of an earlier blend in the scope of `warm.kept`. Without
    one it is left out. Raises `ValueError` if the snapshot has too few watches,
    `OutOfTimeError` if no member can be fitted.
    """
    with within(usual(current())):
        if config.weights is None:
            choice = find(snapshot, config, progress)
        else:
            given = {
                "members": config.members or tuple(config.weights),
                "weights": config.weights,
                "settings": config.settings,
            }
            choice = Choice(given, warm.weights_of(NAME) or {})
        return _fitted(snapshot, config, choice, progress)


def find(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Choice:
    """Find members, settings and weights. Members that are too large, or not fitted in
    time, are left out."""
    cut = config.cut or splits.usable_cut(snapshot)
    wanted = _wanted(snapshot, config, cut)
    part = _part(snapshot, replace(config, cut=cut))
    fits: dict[str, Fit] = {}
    settings: dict[str, Mapping[str, Any]] = {}
    tuned = sum(1 for member in wanted if member.axes)
    for member in sorted(wanted, key=lambda each: each.share):  # networks last
        share = member.share or TUNING_SHARE / max(tuned, 1)
        with suppress(TooLargeError, OutOfTimeError):
            fitted, chosen = _member(member, share, part, progress)
            fits[member.name] = fitted
            settings[member.name] = {**chosen, **fitted.model.searched}
    if not fits:
        raise OutOfTimeError(
            "no member of the blend fitted into the time that was left"
        )
    fits = {m.name: fits[m.name] for m in wanted if m.name in fits}
    if snapshot.n_items > DENSE_ITEMS and config.by_person is None:
        config = replace(config, by_person=False)
    with within(current().share(WEIGHTS_SHARE)):
        models = {name: each.model for name, each in fits.items()}
        found = weights.search(models, part, config)
    searched = {
        "members": tuple(fits),
        "settings": settings,
        "weights": found.weights,
        "by_person": found.by_person,
    }
    return Choice(searched, fits)


def _wanted(snapshot: GraphSnapshot, config: Config, cut: str) -> Sequence[Member]:
    if config.members:
        return [Member(name, config.settings.get(name, {})) for name in config.members]
    planned = members.plan(snapshot, cut, current())
    return [_with_fixed(each, config.settings.get(each.name, {})) for each in planned]


def _with_fixed(member: Member, fixed: Mapping[str, Any]) -> Member:
    """``member`` with ``fixed`` settings, which are not searched."""
    axes = tuple(axis for axis in member.axes if axis.setting not in fixed)
    return replace(member, settings={**member.settings, **fixed}, axes=axes)


def _member(
    member: Member, share: float, part: Holdout, progress: Progress
) -> tuple[Fit, Mapping[str, Any]]:
    """The fit of ``member`` with its best settings, in a ``share`` of the time. Before
    any settings are tried, a first fit may take more."""
    limits = current().share(share)
    if not member.axes:
        with within(limits):
            found = _timed(member.name, part.history, member.settings, progress)
        return found, member.settings
    began, tuner = time.monotonic(), Tuner(member, part, progress)
    with within(current().share(FIRST_SHARE)):
        tuner.first()
    left = limits.seconds - (time.monotonic() - began)
    with within(replace(limits, seconds=max(0.0, left))):
        best = tuner.best()
    return Fit(best.model, best.seconds, len(part.history.watched)), best.settings


def _timed(
    name: str,
    snapshot: GraphSnapshot,
    settings: Mapping[str, Any] | None,
    progress: Progress,
) -> Fit:
    began = time.monotonic()
    model = registry.fit(name, snapshot, settings, progress)
    return Fit(model, time.monotonic() - began, len(snapshot.watched))


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
    names = [name for name in config.members if choice.weights.get(name, 0) > 0]
    fits: dict[str, Fit] = {}
    with within(current().share(EVERYTHING_SHARE)):
        # The quick ones leave their time to others; networks take what is left.
        ordered = sorted(names, key=lambda each: _order(each, choice))
        for place, name in enumerate(ordered):
            share = 1 / (len(ordered) - place)
            with suppress(OutOfTimeError), within(current().share(share)):
                fits[name] = _on_everything(snapshot, name, config, choice, progress)
    if not fits:
        raise OutOfTimeError(
            "no member of the blend fitted into the time that was left"
        )
    warm.keep(NAME, fits)
    chosen = {name: fits[name].model for name in names if name in fits}
    return Blend.from_members(chosen, choice.weights, snapshot, config, found)


def _order(name: str, choice: Choice) -> tuple[bool, float]:
    earlier = choice.fits.get(name)
    return registry.entry(name).network, earlier.seconds if earlier else 0.0


def _on_everything(
    snapshot: GraphSnapshot,
    name: str,
    config: Config,
    choice: Choice,
    progress: Progress,
) -> Fit:
    earlier = choice.fits.get(name)
    if earlier is None or not np.array_equal(earlier.model.item_ids, snapshot.item_ids):
        return _timed(name, snapshot, config.settings.get(name), progress)
    left = current().seconds
    if registry.entry(name).network:
        if earlier.seconds > left:
            return replace(earlier, model=earlier.model.renewed(snapshot))
    elif LEAST.get(name, 1) * earlier.seconds_for(len(snapshot.watched)) > left:
        return earlier
    try:
        return _timed(name, snapshot, config.settings.get(name), progress)
    except OutOfTimeError:
        return earlier


def _part(snapshot: GraphSnapshot, config: Config) -> Holdout:
    sampled = members.sample_of_people(
        snapshot, members.tuning_watches(current()), seed=config.seed
    )
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

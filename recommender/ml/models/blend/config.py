"""Settings of the blend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Config:
    """``members`` by name, with their ``settings``; without names, `members.plan`
    chooses members from the data, and `tuning` their settings. The first member with
    vectors finds similar items.

    Without ``weights``, a search maximises the metric ``aim`` on the ``validation``
    share of the watches of up to ``people``. ``cut`` (see `splits.Cut`) chooses the
    watches; without one, `splits.usable_cut` does. If scores are not scaled
    ``by_person``, a member counts more for people whose scores vary more, as EASE's do
    with the length of the history; None takes the better of both, for up to
    `serve.DENSE_ITEMS` videos, and otherwise does not scale by person.
    """

    members: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    weights: Mapping[str, float] | None = None
    cut: str = ""
    aim: str = "ndcg@20"
    by_person: bool | None = None
    validation: float = 0.1
    people: int = 2000
    seed: int = 0

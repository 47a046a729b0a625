"""Two rankings in one list, so that each person compares both.

Team-draft interleaving: Radlinski, Kurup and Joachims, "How does clickthrough data
reflect retrieval quality?" (CIKM 2008).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

CONTROL, TREATMENT = "control", "treatment"


def team_draft(
    control: Sequence[Item], treatment: Sequence[Item], random: Random
) -> list[tuple[Item, str]]:
    """All items of both lists, each with the team that picked it.

    The team with fewer picks is next (ties are random) and picks its best item that is
    not picked yet. When one list ends, the other team picks the rest.
    """
    waiting = {CONTROL: iter(control), TREATMENT: iter(treatment)}
    picks = {CONTROL: 0, TREATMENT: 0}
    drafted: dict[Item, str] = {}
    while waiting:
        first = CONTROL if random.random() < 0.5 else TREATMENT
        team = min(waiting, key=lambda name: (picks[name], name != first))
        item = next((item for item in waiting[team] if item not in drafted), None)
        if item is None:
            del waiting[team]
            continue
        drafted[item] = team
        picks[team] += 1
    return list(drafted.items())


def winner(teams: Mapping[Item, str], watched: Sequence[Item]) -> int:
    """1 if more of ``watched`` are the treatment's, -1 if the control's, 0 if equal."""
    credit = sum(
        {TREATMENT: 1, CONTROL: -1}.get(teams.get(item, ""), 0) for item in watched
    )
    return (credit > 0) - (credit < 0)

"""The places of a feed that are open to exploration candidates."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TypeVar

EXPLORE_EVERY = 12  # one place in twelve: 8%
EXPLORE_FIRST = 7

T = TypeVar("T")


def slot_count(length: int, *, offset: int = 0) -> int:
    """How many places `interleave` opens in a list of `length` videos."""
    count, place = 0, offset
    for _ in range(length):
        if place % EXPLORE_EVERY == EXPLORE_FIRST:
            count += 1
            place += 1
        place += 1
    return count


def interleave(
    ranked: Sequence[T], explored: Sequence[T | None], *, offset: int = 0
) -> list[T]:
    """`ranked` with `explored` in every twelfth place.

    `offset` is the length of the feed so far. None leaves its place to the ranking. A
    list that ends before its first such place gets no exploration candidate.
    """
    mixed: list[T] = []
    waiting = deque(explored)
    for item in ranked:
        if waiting and (offset + len(mixed)) % EXPLORE_EVERY == EXPLORE_FIRST:
            candidate = waiting.popleft()
            if candidate is not None:
                mixed.append(candidate)
        mixed.append(item)
    return mixed

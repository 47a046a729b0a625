"""Activations form a stack: each rollback removes the newest one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

Run = TypeVar("Run")
Run_co = TypeVar("Run_co", covariant=True)


class Activated(Protocol[Run_co]):
    @property
    def run(self) -> Run_co: ...

    @property
    def is_rollback(self) -> bool: ...


def rollback_order(activations: Iterable[Activated[Run]], *before: Run) -> list[Run]:
    """The runs that rollbacks would return to, the active one last.

    `activations` are in the order in which they happened; `before` served before the
    first of them.
    """
    stack: list[Run] = [*before]
    for activation in activations:
        if activation.is_rollback:
            while stack and stack[-1] != activation.run:
                stack.pop()
        elif not stack or stack[-1] != activation.run:
            stack.append(activation.run)
    return stack

"""The progress of `make run` in its terminal."""

from __future__ import annotations

from typing import TextIO

from config.runtime.preparation import Preparation

QUARTERS = 4


class ProgressLine:
    """A line that is rewritten in place.

    Where the output is no terminal, a new line for each stage and each quarter of it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._in_place = stream.isatty()
        self._open = False
        self._shown: tuple[str, int] | None = None

    def show(self, preparation: Preparation) -> None:
        if self._in_place:
            self._stream.write(f"\r\x1b[K{preparation}")
            self._stream.flush()
            self._open = True
            return
        done, total = preparation.done, preparation.total
        step = preparation.stage, done * QUARTERS // total if total else 0
        if step != self._shown:
            self._shown = step
            self.say(str(preparation))

    def say(self, text: str) -> None:
        """Write a line of its own."""
        end = "\n" if self._open else ""
        self._open = False
        self._stream.write(f"{end}{text}\n")
        self._stream.flush()

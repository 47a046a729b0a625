"""Rows of CSV and TSV files as spreadsheets, pandas and people write them."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from imports import files
from imports.files import Location
from imports.records import BadRow, DatasetError, Row

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MAX_CONTINUED = 1000  # lines of one cell
UNCLOSED = (
    'a quote opens a cell and is not closed before the next row: write it twice ("") '
    "or leave it out"
)
CONTINUED = 'a cell goes on after its closing quote: write quotes in it twice ("")'


def table(
    path: Location, *required: str, encoding: str = "utf-8"
) -> Iterator[Row[dict[str, str]] | BadRow]:
    """Rows by the names in the header, in capitals.

    The delimiter is the one with which the header has all `required` columns. A quoted
    cell may hold line breaks; the row's line is its first. A quote that nothing closes
    costs its own row only. Raises `DatasetError` if the header does not fit.
    """
    return iter(_Table(path, required, encoding))


class _Table:
    def __init__(
        self, path: Location, required: tuple[str, ...], encoding: str
    ) -> None:
        self.path = path
        self.required = required
        self._lines = enumerate(files.lines(path, encoding), start=1)
        self._returned: deque[tuple[int, str]] = deque()  # read ahead in vain

    def __iter__(self) -> Iterator[Row[dict[str, str]] | BadRow]:
        self._read_header()
        width = len(self.header)
        while (numbered := self._next()) is not None:
            number, line = numbered
            cells = self._split(line) if '"' not in line else self._quoted(line)
            row: Row[dict[str, str]] = Row(self.path.name, number, {})
            if isinstance(cells, str):
                yield row.bad(cells)
            elif not any(cells):
                continue
            elif "\0" in "".join(cells):
                yield row.bad("has a NUL character")
            elif len(cells) < width or any(cells[width:]):
                yield row.bad(self._wrong_width(len(cells)))
            else:
                row.cells.update(zip(self.header, cells, strict=False))
                yield row

    def _next(self) -> tuple[int, str] | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def _read_header(self) -> None:
        _, line = self._next() or (1, "")
        if line.lower().startswith("sep="):  # Excel's note to itself
            _, line = self._next() or (2, "")
        found: dict[str, list[str]] = {}
        for delimiter in DELIMITERS:
            cells = _strict(line, delimiter)
            names = line.split(delimiter) if isinstance(cells, str) else cells
            found[delimiter] = [name.strip().upper() for name in names]
        self.delimiter = max(found, key=lambda d: len({*self.required} & {*found[d]}))
        self.header = found[self.delimiter]
        missing = [name for name in self.required if name not in self.header]
        if missing:
            raise DatasetError(
                f"{self.path}: the header has no column {', '.join(missing)}: it is "
                f"{line.strip()[:80]!r}"
            )
        twice = {name for name in self.header if name and self.header.count(name) > 1}
        if twice:
            raise DatasetError(
                f"{self.path}: the header has {', '.join(sorted(twice))} twice"
            )

    def _wrong_width(self, width: int) -> str:
        reason = f"has {width} columns, the header {len(self.header)}"
        if width < len(self.header):
            return reason
        return f"{reason}: quote cells that hold a {DELIMITERS[self.delimiter]}"

    def _split(self, line: str) -> list[str]:
        return line.rstrip("\r\n").split(self.delimiter)

    def _quoted(self, line: str) -> list[str] | str:
        """The cells of a row that begins with `line`, or why there are none."""
        cells = _strict(line, self.delimiter)
        if cells == UNCLOSED:
            cells = self._continued(line)
        if isinstance(cells, str) and self.delimiter == "\t":
            # Many programs write tabs without any quoting.
            literal = self._split(line)
            return literal if len(literal) == len(self.header) else cells
        return cells

    def _continued(self, line: str) -> list[str] | str:
        """The cells if the next lines go on with the row; else leave these lines."""
        taken: list[tuple[int, str]] = []
        text, cells = [line], UNCLOSED
        while len(taken) < MAX_CONTINUED and (numbered := self._next()) is not None:
            taken.append(numbered)
            text.append(numbered[1])
            if self._begins_row(numbered[1]):
                break
            if '"' in numbered[1]:
                parsed = _strict("".join(text), self.delimiter)
                if not isinstance(parsed, str) and len(parsed) == len(self.header):
                    return parsed
                if parsed != UNCLOSED:
                    break
        self._returned.extendleft(reversed(taken))
        return cells

    def _begins_row(self, line: str) -> bool:
        """Whether the line is a whole row, and its required cells look like ids."""
        cells = _strict(line, self.delimiter)
        if isinstance(cells, str):
            cells = self._split(line)
        if len(cells) != len(self.header):
            return False
        keys = [cells[self.header.index(name)].strip() for name in self.required]
        return all(key and len(key.split()) == 1 and '"' not in key for key in keys)


def _strict(text: str, delimiter: str) -> list[str] | str:
    """The cells of a row, or why it is not one."""
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        reason = str(error)
        if "unexpected end" in reason:
            return UNCLOSED
        return CONTINUED if "expected after" in reason else reason
    if not rows:
        return [""]
    return rows[0] if len(rows) == 1 else CONTINUED

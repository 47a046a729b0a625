"""Text files, gzipped or not: rows with line numbers, in constant memory."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from imports.records import BadRow, DatasetError, Row

MAX_LINE = 1 << 20  # bytes; a longer line means that this is not a text file
CHUNK = 1 << 20


def find(folder: Path, *names: str) -> Path | None:
    """The first of `names` in `folder`, gzipped or not; None if there is none."""
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def require(folder: Path, *names: str) -> Path:
    """As `find`, but raises `DatasetError` if there is none."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")
    path = find(folder, *names)
    if path is None:
        raise DatasetError(f"{folder} has no {' or '.join(names)}")
    return path


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _blocks(path: Path, *, by_line: bool) -> Iterator[bytes]:
    """Lines or chunks of the unpacked file; errors of disk and gzip translated."""
    try:
        with _open(path) as handle:
            while block := handle.readline(MAX_LINE) if by_line else handle.read(CHUNK):
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(f"{path}: broken gzip file ({error})") from error
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror or error}") from error


def count_lines(path: Path) -> int:
    return sum(chunk.count(b"\n") for chunk in _blocks(path, by_line=False))


def detect_encoding(path: Path) -> str:
    """UTF-8 if the whole file is valid; else Latin-1, as GroupLens publishes titles."""
    try:
        for line in _blocks(path, by_line=True):
            line.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def lines(path: Path, encoding: str = "utf-8") -> Iterator[str]:
    """Lines with their ends. Raises `DatasetError` if they are not in `encoding`."""
    for number, raw in enumerate(_blocks(path, by_line=True), start=1):
        if len(raw) >= MAX_LINE:
            raise DatasetError(f"{path} line {number}: over 1 MB long: is it text?")
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            raise DatasetError(
                f"{path} line {number}: not {encoding.upper()}"
            ) from None
        yield text.removeprefix("\ufeff") if number == 1 else text


def split_lines(
    path: Path, separator: str, *, cells: int, encoding: str = "utf-8"
) -> Iterator[Row[list[str]] | BadRow]:
    """Rows of a file without header or quoting; empty lines are skipped."""
    for number, line in enumerate(lines(path, encoding), start=1):
        row = Row(path.name, number, line.rstrip("\r\n").split(separator))
        if row.cells == [""]:
            continue
        if "\0" in line:
            yield row.bad("has a NUL character")
        elif len(row.cells) != cells:
            yield row.bad(f"has {len(row.cells)} columns, not {cells}")
        else:
            yield row


def table(path: Path, *required: str) -> Iterator[Row[dict[str, str]] | BadRow]:
    """Rows of a CSV or TSV file by the names in its header, in capitals.

    Quoted cells may hold line breaks; the row's line is then its last one. Raises
    `DatasetError` when the header lacks one of `required`.
    """
    text = lines(path)
    first = next(text, "")
    delimiter = "\t" if "\t" in first else ","
    header = [
        name.strip().upper()
        for name in next(csv.reader([first], delimiter=delimiter), [])
    ]
    missing = [name for name in required if name not in header]
    if missing:
        raise DatasetError(f"{path}: the header has no column {', '.join(missing)}")
    reader = csv.reader(text, delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(path.name, reader.line_num + 1, str(error))
            continue
        row = Row(
            path.name, reader.line_num + 1, dict(zip(header, cells, strict=False))
        )
        if not cells:
            continue
        if len(cells) != len(header):
            yield row.bad(f"has {len(cells)} columns, the header {len(header)}")
        elif any("\0" in cell for cell in cells):
            yield row.bad("has a NUL character")
        else:
            yield row

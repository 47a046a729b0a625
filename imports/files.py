"""Text files, also in .gz and .zip: lines with their numbers, in constant memory."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from imports.records import BadRow, DatasetError, Row

MAX_LINE = 1 << 20  # characters; a longer line means that this is not a text file
CHUNK = 1 << 20
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SURROGATE = re.compile("[\ud800-\udfff]")
Location = Path | zipfile.Path


def find(folder: Location, *names: str) -> Location | None:
    """The first of `names` in `folder`, packed or not; None if there is none.

    `folder` may be a .zip with the files, or with one folder that has them.
    """
    folder = _unpacked(folder)
    for name in names:
        for ending in ("", ".gz", ".zip"):
            path = folder / f"{name}{ending}"
            if path.is_file():
                return path
    return None


def require(folder: Location, *names: str) -> Location:
    """As `find`, but raises `DatasetError` if there is none."""
    if not _unpacked(folder).is_dir():
        raise DatasetError(f"{folder}: no such folder or .zip")
    path = find(folder, *names)
    if path is None:
        raise DatasetError(f"{folder} has no {' or '.join(names)}")
    return path


def _unpacked(folder: Location) -> Location:
    is_archive = folder.suffix.lower() == ".zip" and folder.is_file()
    if not is_archive or not isinstance(folder, Path):
        return folder
    try:
        root = zipfile.Path(folder)
    except (zipfile.BadZipFile, OSError) as error:
        raise DatasetError(f"{folder}: {error}") from error
    entries = [entry for entry in root.iterdir() if entry.name != "__MACOSX"]
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else root


@contextmanager
def unpacked(path: Location) -> Iterator[IO[bytes]]:
    """The content of a file; errors of disk and archive become `DatasetError`."""
    try:
        with ExitStack() as stack:
            handle: IO[bytes] = stack.enter_context(path.open("rb"))
            if path.suffix == ".gz":
                handle = stack.enter_context(gzip.open(handle))  # type: ignore[arg-type]
            elif path.suffix == ".zip":
                archive = stack.enter_context(zipfile.ZipFile(handle))
                [member] = [m for m in archive.infolist() if not m.is_dir()]
                handle = stack.enter_context(archive.open(member))
            yield handle
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: broken archive ({error})") from error
    except (RuntimeError, NotImplementedError) as error:
        raise DatasetError(f"{path}: cannot be unpacked ({error})") from error
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror or error}") from error


def count_lines(path: Location) -> int:
    """About: lines may end with LF, CR or both."""
    line_feeds = returns = 0
    with unpacked(path) as handle:
        while chunk := handle.read(CHUNK):
            line_feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
    return line_feeds or returns


def detect_encoding(path: Location) -> str:
    """UTF-8 if the whole file is valid; else Latin-1, as GroupLens publishes titles."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with unpacked(path) as handle:
        try:
            while chunk := handle.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def lines(path: Location, encoding: str = "utf-8") -> Iterator[str]:
    """Lines with their ends: LF, CR or both.

    A byte order mark outweighs `encoding`. Raises `DatasetError` with the line that is
    not in the encoding.
    """
    number = 0
    with unpacked(path) as handle:
        start = handle.read(4)
        handle.seek(0)
        marked = [name for mark, name in MARKS.items() if start.startswith(mark)]
        encoding = marked[0] if marked else encoding
        text = io.TextIOWrapper(handle, encoding, errors="surrogateescape", newline="")
        try:
            while line := text.readline(MAX_LINE):
                number += 1
                if len(line) >= MAX_LINE:
                    raise DatasetError(
                        f"{path} line {number}: over 1 MB long: is it text?"
                    )
                if not line.isascii() and SURROGATE.search(line):
                    raise _not_in(encoding, path, number)
                yield line
        except UnicodeDecodeError:
            raise _not_in(encoding, path, number + 1) from None


def _not_in(encoding: str, path: Location, number: int) -> DatasetError:
    name = encoding.upper().removesuffix("-SIG")
    return DatasetError(
        f"{path} line {number}: not {name}: save the file as UTF-8 (in Excel: CSV "
        "UTF-8); csv and personalize can also be told its --encoding"
    )


def split_lines(
    path: Location, separator: str, *, cells: int, encoding: str = "utf-8"
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

"""Pictures to upload, good and hostile, made on the spot."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def make_picture(
    size: tuple[int, int] = (640, 480),
    *,
    image_format: str = "JPEG",
    mode: str = "RGB",
    colour: Any = "teal",
    name: str = "picture.jpg",
    **save: Any,
) -> SimpleUploadedFile:
    return upload(Image.new(mode, size, colour), image_format, name, **save)


def upload(
    image: Image.Image, image_format: str, name: str = "picture.jpg", **save: Any
) -> SimpleUploadedFile:
    output = io.BytesIO()
    image.save(output, image_format, **save)
    return SimpleUploadedFile(name, output.getvalue())


def png_claiming(width: int, height: int) -> SimpleUploadedFile:
    """A tiny PNG whose header, checksum and all, promises `width` x `height`."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    data += _chunk(b"IDAT", zlib.compress(bytes(1000))) + _chunk(b"IEND", b"")
    return SimpleUploadedFile("bomb.png", data)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def png(
    size: tuple[int, int],
    *,
    depth: int,
    colour_type: int,
    row: bytes,
    **chunks: bytes,
) -> SimpleUploadedFile:
    """A PNG of equal rows in a depth that Pillow does not write, with more chunks."""
    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    for name, body in chunks.items():
        data += _chunk(name.encode(), body)
    data += _chunk(b"IDAT", zlib.compress((b"\0" + row) * size[1]))
    return SimpleUploadedFile("deep.png", data + _chunk(b"IEND", b""))


def grey_profile() -> bytes:
    """Light in proportion to the value: what is stored as 55 is shown as 128."""
    linear = struct.pack(">4sII", b"curv", 0, 0)
    return _icc_profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": linear})


def ink_profile() -> bytes:
    """CMYK whose cyan ink prints the red of sRGB; the others print black."""
    paper, red, black = (255, 128, 128), (138, 209, 198), (0, 128, 128)
    corners = (
        black if any((m, y, k)) else red if c else paper
        for c, m, y, k in itertools.product((0, 1), repeat=4)
    )
    straight = bytes(range(256))
    unit = [65536 * (n % 4 == 0) for n in range(9)]
    table = struct.pack(">4sIBBBx9i", b"mft1", 0, 4, 3, 2, *unit)
    table += straight * 4 + bytes(itertools.chain(*corners)) + straight * 3
    return _icc_profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


def _icc_profile(
    kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]
) -> bytes:
    d50 = (63190, 65536, 54061)
    tags = tags | {b"wtpt": struct.pack(">4sI3i", b"XYZ ", 0, *d50)}
    start = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x3i48x",
        *(start + len(body), 0x02400000, kind, space, connection, b"acsp", *d50),
    )
    return header + table + body

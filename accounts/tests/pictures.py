"""Pictures to upload, good and hostile, made on the spot."""

from __future__ import annotations

import io
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

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    data += chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return SimpleUploadedFile("bomb.png", data)

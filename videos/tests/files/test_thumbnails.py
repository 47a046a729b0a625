"""Thumbnails of real files."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from videos.files.probing import probe
from videos.files.thumbnails import make_thumbnail
from videos.tests.clips import make_clip


def test_thumbnail_is_not_the_black_beginning(tmp_path: Path) -> None:
    path = make_clip(
        tmp_path / "fade.mp4",
        *("-vf", "fade=in:st=0:d=1.2", "-pix_fmt", "yuv420p"),
        seconds=3,
    )
    picture = Image.open(io.BytesIO(make_thumbnail(path, probe(path))))
    assert picture.size == (160, 90)
    low, high = picture.convert("L").getextrema()
    assert high - low > 60

"""A few small real files, which the videos of a synthetic site share."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from imageio_ffmpeg import get_ffmpeg_exe

WIDTH, HEIGHT = 320, 180
SECONDS = 8
CONTENT_TYPE = "video/mp4"


def make(count: int) -> list[tuple[str, str]]:
    """Store `count` clips with thumbnails; returns the names of both for each."""
    names = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            clip, picture = Path(folder, "clip.mp4"), Path(folder, "picture.jpg")
            _render(number, clip, picture)
            names.append(
                (
                    _store(clip, f"videos/shared-{number}/video-synthetic"),
                    _store(picture, f"videos/shared-{number}/thumbnail-synthetic.jpg"),
                )
            )
    return names


def _render(number: int, clip: Path, picture: Path) -> None:
    source = f"testsrc2=duration={SECONDS}:size={WIDTH}x{HEIGHT}:rate=12"
    subprocess.run(
        [
            *(settings.FFMPEG or get_ffmpeg_exe(), "-v", "error", "-y"),
            *("-f", "lavfi", "-i", f"{source},hue=h={40 * number}"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
            *("-movflags", "+faststart", str(clip)),
            *("-frames:v", "1", str(picture)),
        ],
        check=True,
    )


def _store(path: Path, name: str) -> str:
    default_storage.delete(name)
    with path.open("rb") as handle:
        return default_storage.save(name, File(handle))

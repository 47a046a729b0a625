"""Small real video files, made by the ffmpeg that the platform uses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from videos.files.transcoding import ffmpeg

REAL = settings.BASE_DIR.parent / "shared" / "data" / "videos"

needs_real_clips = pytest.mark.skipif(
    not REAL.exists(), reason="the folder of real clips is absent"
)


def make_clip(
    path: Path, *options: str, seconds: float = 2, size: str = "160x90"
) -> Path:
    """Write a moving clip with sound; `options` are ffmpeg's for the output."""
    source = [
        *("-f", "lavfi", "-i", f"mandelbrot=size={size}:rate=10"),
        *("-f", "lavfi", "-i", "sine=frequency=330"),
    ]
    chosen = options or ("-pix_fmt", "yuv420p", "-movflags", "+faststart")
    subprocess.run(
        [
            *(ffmpeg(), "-v", "error", "-y", *source, "-t", str(seconds)),
            *(*chosen, str(path)),
        ],
        check=True,
    )
    return path


def as_upload(path: Path, name: str = "clip.mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, path.read_bytes(), content_type="video/mp4")

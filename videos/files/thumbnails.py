"""Thumbnails of videos: a JPEG of the frame that shows most."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

import av
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from videos.files.probing import (
    BadVideo,
    Probe,
    decoded_frames,
    is_cover,
    open_container,
)

THUMBNAIL_SIZE = (1280, 720)  # pixels
DECODE_AHEAD = 120  # frames decoded at most from a keyframe to the one wanted


def make_thumbnail(path: Path, properties: Probe) -> bytes:
    """A JPEG of at most `THUMBNAIL_SIZE`, of the most detailed of a few frames.

    Raises `BadVideo` if no frame can be decoded.
    """
    best: tuple[float, Image.Image] | None = None
    try:
        with open_container(path) as container:
            stream = next(s for s in container.streams.video if not is_cover(s))
            for part in (0.1, 0.25, 0.4, 0.6, 0.8):
                frame = _frame_at(container, stream, part * properties.duration)
                if frame is None:
                    continue
                picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
                picture = picture.rotate(frame.rotation, expand=True)
                picture.thumbnail(THUMBNAIL_SIZE)
                score = _detail(picture)
                if best is None or score > best[0]:
                    best = (score, picture)
    except (av.FFmpegError, ValueError, MemoryError, StopIteration) as error:
        if best is None:
            raise BadVideo("No frame of the file can be decoded.") from error
    if best is None:
        raise BadVideo("No frame of the file can be decoded.")
    output = io.BytesIO()
    best[1].convert("RGB").save(output, "JPEG", quality=85, progressive=True)
    return output.getvalue()


def _frame_at(
    container: av.container.InputContainer, stream: VideoStream, seconds: float
) -> av.VideoFrame | None:
    """The frame at `seconds`, or an earlier one if keyframes are far apart."""
    container.seek(int(seconds * av.time_base))
    frame = None
    for frame in islice(decoded_frames(container, stream), DECODE_AHEAD):
        if frame.time is not None and frame.time >= seconds:
            break
    return frame


def _detail(picture: Image.Image) -> float:
    """A score of contrast and sharpness: black and blurred frames get a low one."""
    grey = picture.convert("L")
    small = grey.resize((96, 54))
    [spread] = ImageStat.Stat(small).stddev
    left, right = small.crop((0, 0, 95, 54)), small.crop((1, 0, 96, 54))
    difference = Image.blend(left, right, 0.5)
    [smoothed] = ImageStat.Stat(difference).stddev
    return spread + 4 * (spread - smoothed)

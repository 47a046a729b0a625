"""Demo clips: a generated scene with a generated tune, encoded by ffmpeg.

A scene is periodic: one loop is drawn, and ffmpeg repeats it for the clip's duration;
the tune does not repeat. Nothing here imports Django, so that worker processes start
fast.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

from demo.media import thumbnails
from demo.media.music import RATE, compose
from demo.media.scenes.looks import LOOKS

WIDTH, HEIGHT = 416, 234
UNFINISHED = ".unfinished-"  # how the names of temporary folders begin


@dataclass(frozen=True)
class Clip:
    """The recipe of a clip; equal recipes give equal pictures.

    `look` is a category's slug; `hook` the words on its thumbnail, possibly none.
    """

    look: str
    seed: int
    seconds: float
    hook: str = ""


class EncodingError(Exception):
    """ffmpeg failed; the message is a line of its log."""


def make_clip(clip: Clip, video: Path, thumbnail: Path, ffmpeg: str) -> None:
    """Write the clip as MP4 (H.264, AAC) and its thumbnail as JPEG.

    The files appear complete or not at all. Raises `EncodingError`.
    """
    look = LOOKS[clip.look]
    painter = look.painter(clip.seed, WIDTH, HEIGHT)
    count = round(look.seconds * look.rate)
    best, moment = 0.0, 0.0
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=video.parent) as folder:
        tune = Path(folder, "tune.wav")
        with wave.open(str(tune), "wb") as handle:
            handle.setnchannels(1)
            handle.setsampwidth(2)
            handle.setframerate(RATE)
            handle.writeframes(compose(look.tune, clip.seed, clip.seconds).tobytes())
        partial = Path(folder, "clip.mp4")
        command = _command(ffmpeg, look.rate, count, tune, clip.seconds, partial)
        with (
            Path(folder, "log").open("w+b") as log,
            subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log) as encoder,
        ):
            assert encoder.stdin is not None
            try:
                for number in range(count):
                    picture = painter(number / count)
                    encoder.stdin.write(picture.tobytes())
                    if number % 6 == 5:
                        liveliness = thumbnails.liveliness(picture)
                        best, moment = max((best, moment), (liveliness, number / count))
                encoder.stdin.close()
            except BrokenPipeError:
                pass  # ffmpeg ended early; its log says why
            if encoder.wait():
                log.seek(0)
                lines = log.read().decode(errors="replace").split("\n")
                raise EncodingError(next((x for x in lines if x), "ffmpeg failed"))
        still = thumbnails.render(look, clip.seed, moment, clip.hook)
        still.save(Path(folder, "still.jpg"), quality=86)
        Path(folder, "still.jpg").replace(thumbnail)
        partial.replace(video)


def _command(
    ffmpeg: str, rate: int, count: int, tune: Path, seconds: float, out: Path
) -> list[str]:
    """One thread: clips are made side by side, one process for each core."""
    return [
        *(ffmpeg, "-v", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}"),
        *("-r", str(rate), "-i", "pipe:0", "-i", str(tune)),
        *("-filter_threads", "1", "-vf", f"format=yuv420p,loop=-1:size={count}"),
        *("-threads", "1", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "32"),
        *("-g", str(rate * 2), "-x264-params", "threads=1:scenecut=0"),
        *("-c:a", "aac", "-b:a", "64k", "-t", f"{seconds:.2f}"),
        *("-map_metadata", "-1", "-movflags", "+faststart", str(out)),
    ]

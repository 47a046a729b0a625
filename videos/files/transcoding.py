"""Converting video files with ffmpeg, in a process that can be killed."""

from __future__ import annotations

import logging
import signal
import subprocess
from pathlib import Path

import imageio_ffmpeg
from django.conf import settings

from videos.files.probing import DEMUXERS, PIXEL_FORMATS, PLAYABLE, BadVideo, Probe

logger = logging.getLogger(__name__)

TIMEOUT_FACTOR = 20  # seconds of work allowed for a second of video
MAX_TIMEOUT = 6 * 3600  # seconds
# Exit statuses of ffmpeg after a signal, such as when the platform stops.
STOPPED = {255, -signal.SIGTERM, -signal.SIGINT, -signal.SIGKILL}
# Sides must be even for 4:2:0; one rendition of at most 1920 pixels is enough.
H264 = [
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "22", "-pix_fmt", "yuv420p"),
    *("-vf", "scale=w='min(1920,iw)':h=-2:flags=bicubic,crop=trunc(iw/2)*2:ih"),
]


def make_playable(source: Path, target: Path, properties: Probe) -> None:
    """Write an MP4 that browsers can play, and seek in while it loads.

    Streams that browsers can play are copied, others are encoded as H.264 and AAC.
    Metadata (place, device) and cover pictures are dropped. Raises `BadVideo` if
    ffmpeg fails or takes too long, `InterruptedError` if it was stopped by a signal.
    """
    video, audio = PLAYABLE["video/mp4"]
    keep_video = (
        properties.video_codec in video and properties.pixel_format in PIXEL_FORMATS
    )
    command = [
        *(ffmpeg(), "-nostdin", "-v", "error", "-y"),
        *("-format_whitelist", DEMUXERS, "-protocol_whitelist", "file"),
        *("-i", f"file:{source}"),
        *("-map", "0:V:0", "-map", "0:a:0?", "-sn", "-dn", "-map_metadata", "-1"),
        *(["-c:v", "copy"] if keep_video else H264),
        *(["-c:a", "copy"] if properties.audio_codec in audio else ["-c:a", "aac"]),
        *("-movflags", "+faststart", "-threads", "2", "-f", "mp4", str(target)),
    ]
    timeout = min(60 + TIMEOUT_FACTOR * properties.duration, MAX_TIMEOUT)
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise BadVideo("Converting the video took too long.") from error
    except subprocess.CalledProcessError as error:
        if error.returncode in STOPPED:
            raise InterruptedError("ffmpeg was stopped.") from error
        logger.warning("ffmpeg: %s", error.stderr.decode(errors="replace")[-500:])
        raise BadVideo("The video could not be converted.") from error


def ffmpeg() -> str:
    """The path of ffmpeg: `FFMPEG`, or the binary of imageio-ffmpeg."""
    return settings.FFMPEG or imageio_ffmpeg.get_ffmpeg_exe()

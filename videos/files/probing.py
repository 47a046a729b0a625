"""What is in a video file: probing it, a picture of it, and a form browsers can play.

PyAV reads the file; ffmpeg, as a process of its own that can be killed, writes one.
Nothing here knows the database.
"""

from __future__ import annotations

import io
import logging
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import imageio_ffmpeg
from av.video.stream import VideoStream
from django.conf import settings
from PIL import Image, ImageStat

logger = logging.getLogger(__name__)

# What may be opened: no playlists, which would make the server read other files.
DEMUXERS = "mov,mp4,matroska,webm,avi,flv,mpeg,mpegts,ogg,asf,mpegvideo,h264,mjpeg"
CONTAINERS = {"mov,mp4,m4a,3gp,3g2,mj2": "video/mp4", "matroska,webm": "video/webm"}
PLAYABLE = {
    "video/mp4": ({"h264", "av1"}, {"aac", "mp3", "opus"}),
    "video/webm": ({"vp8", "vp9", "av1"}, {"vorbis", "opus"}),
}
PIXEL_FORMATS = {"yuv420p", "yuvj420p"}
MAX_SIDE = 8192  # pixels
THUMBNAIL_SIZE = (640, 360)
DECODE_AHEAD = 120  # frames decoded at most from a keyframe to the one wanted
ENCODE_TIMEOUT_FACTOR = 20  # seconds of work allowed for a second of video
ENCODE_TIMEOUT = 6 * 3600  # seconds, at most
# How ffmpeg ends when it is told to, say because the platform stops.
STOPPED = {255, -signal.SIGTERM, -signal.SIGINT, -signal.SIGKILL}


# How files of those containers begin: (offset, bytes).
SIGNATURES = [
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (4, b"free"),
    (0, b"\x1aE\xdf\xa3"), (8, b"AVI "), (0, b"FLV"), (0, b"OggS"),
    (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"), (0, b"G"),
    (0, b"0&\xb2u\x8ef\xcf\x11"),
]  # fmt: skip


class BadVideo(Exception):
    """The file cannot be used; the text tells its uploader why."""


@dataclass(frozen=True)
class Probe:
    """Facts of a file: seconds, pixels as shown (rotation applied), and codecs."""

    duration: float
    width: int
    height: int
    content_type: str  # "" where no browser knows the container
    video_codec: str
    audio_codec: str  # "" without sound
    pixel_format: str
    fast_start: bool  # seeking works while it loads: length and index come first
    located: bool  # it says where it was filmed

    @property
    def playable(self) -> bool:
        """Whether browsers play the file as it is."""
        video, audio = PLAYABLE.get(self.content_type, (set(), set()))
        return (
            self.video_codec in video
            and (not self.audio_codec or self.audio_codec in audio)
            and self.pixel_format in PIXEL_FORMATS
        )

    @property
    def servable(self) -> bool:
        """Whether viewers may get the file as it is."""
        return self.playable and self.fast_start and not self.located


def looks_like_video(head: bytes) -> bool:
    """Whether a file that begins with `head` (16 bytes) may be a video at all."""
    return any(head[at:].startswith(mark) for at, mark in SIGNATURES)


def probe(path: Path) -> Probe:
    """Read the facts of the file at `path`; raise `BadVideo` if it is no video."""
    if path.stat().st_size == 0:
        raise BadVideo("The file is empty.")
    try:
        with _open(path) as container:
            return _probe(container, path)
    except (av.FFmpegError, ValueError, IndexError, MemoryError) as error:
        logger.info("%s is not readable: %s", path.name, error)
        raise BadVideo("This is not a video file that we can read.") from error


def _open(path: Path) -> av.container.InputContainer:
    return av.open(
        f"file:{path}",
        metadata_errors="ignore",
        options={"format_whitelist": DEMUXERS, "protocol_whitelist": "file"},
    )


def _probe(container: av.container.InputContainer, path: Path) -> Probe:
    stream = next((s for s in container.streams.video if not _is_cover(s)), None)
    if stream is None:
        raise BadVideo("The file has no pictures: is it sound only?")
    # Asked before a picture is decoded, for which memory would be taken.
    if max(stream.width, stream.height) > MAX_SIDE:
        raise BadVideo(f"The pictures are larger than {MAX_SIDE} pixels a side.")
    frame = next(_frames(container, stream), None)
    if frame is None:
        raise BadVideo("No picture of the file can be read.")
    duration = _duration(container, stream)
    if duration <= 0:
        raise BadVideo("The file does not say how long it is, and has no end.")
    if duration > settings.VIDEO_MAX_SECONDS:
        hours = settings.VIDEO_MAX_SECONDS / 3600
        raise BadVideo(f"The video is longer than {hours:g} hours.")
    width, height = frame.width, frame.height
    if int(frame.rotation) % 180:
        width, height = height, width
    audio = container.streams.audio
    content_type = CONTAINERS.get(container.format.name, "")
    return Probe(
        duration=duration,
        width=width,
        height=height,
        content_type=content_type,
        video_codec=stream.codec_context.name.removeprefix("lib"),
        audio_codec=audio[0].codec_context.name if audio else "",
        pixel_format=frame.format.name,
        # What a browser has recorded gives no length: its player could not seek.
        fast_start=bool(container.duration)
        and (content_type != "video/mp4" or _index_first(path)),
        located=any("location" in name.lower() for name in container.metadata),
    )


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _frames(
    container: av.container.InputContainer, stream: VideoStream
) -> Iterator[av.VideoFrame]:
    return (frame for frame in container.decode(stream) if frame.width)


def _duration(container: av.container.InputContainer, stream: VideoStream) -> float:
    """Seconds: as the file says, or as its packets do when it says nothing."""
    if container.duration:
        return container.duration / av.time_base
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    container.seek(0)
    ends = (
        float((packet.pts + (packet.duration or 0)) * packet.time_base)
        for packet in container.demux(stream)
        if packet.pts is not None and packet.time_base is not None
    )
    return max(ends, default=0.0)


def _index_first(path: Path) -> bool:
    """Whether an MP4's `moov` box stands before its `mdat` box."""
    with path.open("rb") as file:
        while len(header := file.read(8)) == 8:
            size, kind = int.from_bytes(header[:4]), header[4:]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            if size == 1:
                size = int.from_bytes(file.read(8)) - 8
            if size < 8:
                return False
            file.seek(size - 8, io.SEEK_CUR)
    return False


def thumbnail(path: Path, facts: Probe) -> bytes:
    """A JPEG of at most `THUMBNAIL_SIZE`: the most telling of a few frames.

    Black, white and blurred frames lose against varied and sharp ones. Raises
    `BadVideo` when no frame can be decoded.
    """
    best: tuple[float, Image.Image] | None = None
    try:
        with _open(path) as container:
            stream = next(s for s in container.streams.video if not _is_cover(s))
            for part in (0.1, 0.25, 0.4, 0.6, 0.8):
                frame = _frame_at(container, stream, part * facts.duration)
                if frame is None:
                    continue
                picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
                picture = picture.rotate(frame.rotation, expand=True)
                picture.thumbnail(THUMBNAIL_SIZE)
                score = _interest(picture)
                if best is None or score > best[0]:
                    best = (score, picture)
    except (av.FFmpegError, ValueError, MemoryError, StopIteration) as error:
        if best is None:
            raise BadVideo("No picture of the file can be read.") from error
    if best is None:
        raise BadVideo("No picture of the file can be read.")
    output = io.BytesIO()
    best[1].convert("RGB").save(output, "JPEG", quality=85, progressive=True)
    return output.getvalue()


def _frame_at(
    container: av.container.InputContainer, stream: VideoStream, seconds: float
) -> av.VideoFrame | None:
    """The frame shown at `seconds`, or one before it where keyframes are far apart."""
    container.seek(int(seconds * av.time_base))
    frame = None
    for frame in islice(_frames(container, stream), DECODE_AHEAD):
        if frame.time is not None and frame.time >= seconds:
            break
    return frame


def _interest(picture: Image.Image) -> float:
    """Spread of brightness, and of brightness between neighbouring pixels."""
    grey = picture.convert("L")
    small = grey.resize((96, 54))
    [spread] = ImageStat.Stat(small).stddev
    left, right = small.crop((0, 0, 95, 54)), small.crop((1, 0, 96, 54))
    difference = Image.blend(left, right, 0.5)
    [smoothed] = ImageStat.Stat(difference).stddev
    return spread + 4 * (spread - smoothed)


def make_playable(source: Path, target: Path, facts: Probe) -> None:
    """Write an MP4 that browsers play and can seek in while it loads.

    Streams that browsers play are copied, others encoded to H.264 and AAC; what the
    file says besides (place, device, cover picture) is left out. Raises `BadVideo` when
    ffmpeg fails or takes too long, `InterruptedError` when it was told to stop.
    """
    video, audio = PLAYABLE["video/mp4"]
    keep_video = facts.video_codec in video and facts.pixel_format in PIXEL_FORMATS
    command = [
        *(ffmpeg(), "-nostdin", "-v", "error", "-y"),
        *("-format_whitelist", DEMUXERS, "-protocol_whitelist", "file"),
        *("-i", f"file:{source}"),
        *("-map", "0:V:0", "-map", "0:a:0?", "-sn", "-dn", "-map_metadata", "-1"),
        *(["-c:v", "copy"] if keep_video else _H264),
        *(["-c:a", "copy"] if facts.audio_codec in audio else ["-c:a", "aac"]),
        *("-movflags", "+faststart", "-threads", "2", "-f", "mp4", str(target)),
    ]
    timeout = min(60 + ENCODE_TIMEOUT_FACTOR * facts.duration, ENCODE_TIMEOUT)
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise BadVideo("Converting the video took too long.") from error
    except subprocess.CalledProcessError as error:
        if error.returncode in STOPPED:
            raise InterruptedError("ffmpeg was told to stop.") from error
        logger.warning("ffmpeg: %s", error.stderr.decode(errors="replace")[-500:])
        raise BadVideo("The video could not be converted.") from error


# Sides must be even for 4:2:0; 1080 lines are plenty for a single rendition.
_H264 = [
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "22", "-pix_fmt", "yuv420p"),
    *("-vf", "scale=w='min(1920,iw)':h=-2:flags=bicubic,crop=trunc(iw/2)*2:ih"),
]


def ffmpeg() -> str:
    """The ffmpeg to run: `FFMPEG`, else the one of imageio-ffmpeg."""
    return settings.FFMPEG or imageio_ffmpeg.get_ffmpeg_exe()

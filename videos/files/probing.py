"""Probing video files with PyAV: duration, size, codecs, and what browsers can play."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.video.stream import VideoStream
from django.conf import settings

logger = logging.getLogger(__name__)

# No playlists: they would make the server read other files.
DEMUXERS = "mov,mp4,matroska,webm,avi,flv,mpeg,mpegts,ogg,asf,mpegvideo,h264,mjpeg"
CONTAINERS = {"mov,mp4,m4a,3gp,3g2,mj2": "video/mp4", "matroska,webm": "video/webm"}
PLAYABLE = {
    "video/mp4": ({"h264", "av1"}, {"aac", "mp3", "opus"}),
    "video/webm": ({"vp8", "vp9", "av1"}, {"vorbis", "opus"}),
}
PIXEL_FORMATS = {"yuv420p", "yuvj420p"}
MAX_SIDE = 8192  # pixels

# The first bytes of files in these containers: (offset, bytes).
SIGNATURES = [
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (4, b"free"),
    (0, b"\x1aE\xdf\xa3"), (8, b"AVI "), (0, b"FLV"), (0, b"OggS"),
    (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"), (0, b"G"),
    (0, b"0&\xb2u\x8ef\xcf\x11"),
]  # fmt: skip


class BadVideo(Exception):
    """The file cannot be used; the message is for its uploader."""


@dataclass(frozen=True)
class Probe:
    """Properties of a file; width and height in pixels, after rotation."""

    duration: float  # seconds
    width: int
    height: int
    content_type: str  # "" if browsers do not know the container
    video_codec: str
    audio_codec: str  # "" without sound
    pixel_format: str
    fast_start: bool  # length and index come first: seeking works while it loads
    located: bool  # the metadata hold the place of the recording

    @property
    def playable(self) -> bool:
        """Whether browsers can play the file unchanged."""
        video, audio = PLAYABLE.get(self.content_type, (set(), set()))
        return (
            self.video_codec in video
            and (not self.audio_codec or self.audio_codec in audio)
            and self.pixel_format in PIXEL_FORMATS
        )

    @property
    def servable(self) -> bool:
        """Whether the file may be served unchanged."""
        return self.playable and self.fast_start and not self.located


def looks_like_video(head: bytes) -> bool:
    """Whether a file whose first 16 bytes are `head` may be a video."""
    return any(head[at:].startswith(mark) for at, mark in SIGNATURES)


def probe(path: Path) -> Probe:
    """The properties of the file at `path`. Raises `BadVideo` if it is no video."""
    if path.stat().st_size == 0:
        raise BadVideo("The file is empty.")
    try:
        with open_container(path) as container:
            return _probe(container, path)
    except (av.FFmpegError, ValueError, IndexError, MemoryError) as error:
        logger.info("%s is not readable: %s", path.name, error)
        raise BadVideo("This is not a video file that we can read.") from error


def open_container(path: Path) -> av.container.InputContainer:
    return av.open(
        f"file:{path}",
        metadata_errors="ignore",
        options={"format_whitelist": DEMUXERS, "protocol_whitelist": "file"},
    )


def _probe(container: av.container.InputContainer, path: Path) -> Probe:
    stream = next((s for s in container.streams.video if not is_cover(s)), None)
    if stream is None:
        raise BadVideo("The file has no video, only sound.")
    # Checked before a frame is decoded, which would take memory.
    if max(stream.width, stream.height) > MAX_SIDE:
        raise BadVideo(f"The video is larger than {MAX_SIDE} pixels a side.")
    frame = next(decoded_frames(container, stream), None)
    if frame is None:
        raise BadVideo("No frame of the file can be decoded.")
    duration = _duration(container, stream)
    if duration <= 0:
        raise BadVideo("The file has no duration.")
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
        # Recordings of browsers have no length: a player could not seek in them.
        fast_start=bool(container.duration)
        and (content_type != "video/mp4" or _index_first(path)),
        located=any("location" in name.lower() for name in container.metadata),
    )


def is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def decoded_frames(
    container: av.container.InputContainer, stream: VideoStream
) -> Iterator[av.VideoFrame]:
    return (frame for frame in container.decode(stream) if frame.width)


def _duration(container: av.container.InputContainer, stream: VideoStream) -> float:
    """Seconds, by the container, its stream, or the timestamps of its packets."""
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
    """Whether the `moov` box of an MP4 precedes its `mdat` box."""
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

"""Make the clips of demo videos, and list each video once it can be played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from imageio_ffmpeg import get_ffmpeg_exe
from tqdm import tqdm

from demo.catalogue import PlannedVideo, plan_videos
from demo.media.clips import Clip
from demo.media.render import clip_paths, make_clips
from demo.people import SOURCE
from videos.files.renditions import make_renditions
from videos.models import Video
from videos.querysets import VideoQuerySet
from videos.services import remove_files


class OtherDemo(Exception):
    """The rows in the database belong to another plan; the message says what to do."""


@dataclass(frozen=True)
class Published:
    """How many of the demo's videos can be played, of how many."""

    playable: int
    total: int


def published() -> Published:
    videos = Video.objects.filter(source=SOURCE)
    total = videos.count()
    return Published(total - waiting().count(), total)


def waiting() -> VideoQuerySet:
    """Demo videos without a clip."""
    videos: VideoQuerySet = Video.objects.filter(
        source=SOURCE, state=Video.State.PROCESSING
    )
    return videos


def publish_videos(*, seed: int, quiet: bool = False) -> int:
    """Publish the videos that wait for their clips; return how many.

    Clips are kept in `VAR_DIR/demo`: those made before are not made again. Raises
    `OtherDemo` where the rows were made with another `seed`, and
    `media.clips.EncodingError`.
    """
    videos = {_number(video): video for video in waiting()}
    if not videos:
        return 0
    planned = plan_videos(max(2, max(videos) + 1), seed)
    for number, video in videos.items():
        if not _matches(video, planned[number]):
            raise OtherDemo(
                "This demo was begun with another --seed. Give that seed to finish "
                "it, or remove it with seed_demo --remove."
            )
    order = best_of_each_category_first(videos, planned)
    by_clip = {planned[number].clip: videos[number] for number in order}
    folder = Path(settings.VAR_DIR) / "demo"
    ffmpeg = settings.FFMPEG or get_ffmpeg_exe()
    made = make_clips(list(by_clip), folder, ffmpeg=ffmpeg)
    for clip in tqdm(made, "  clips", len(by_clip), unit="clip", disable=quiet):
        _publish(by_clip[clip], clip, folder)
    return len(by_clip)


def _number(video: Video) -> int:
    """The position in the plan, from an external id such as `video-12`."""
    return int(video.external_id.rpartition("-")[2])


def _matches(video: Video, plan: PlannedVideo) -> bool:
    return (video.title, video.duration) == (plan.text.title, plan.clip.seconds)


def best_of_each_category_first(
    videos: Mapping[int, Video], planned: Sequence[PlannedVideo]
) -> list[int]:
    """Numbers: the most engaging video of each category, the second of each, ..."""
    places: dict[int, int] = {}
    seen: Counter[str] = Counter()
    by_engagement = sorted(videos, key=lambda number: -videos[number].engagement)
    for number in by_engagement:
        category = planned[number].text.category
        places[number] = seen[category]
        seen[category] += 1
    return sorted(by_engagement, key=places.__getitem__)


def _publish(video: Video, clip: Clip, folder: Path) -> None:
    """Store the files under the names in the row, then list the video.

    An interrupted copy is overwritten by the next attempt.
    """
    files = (video.video_file, video.thumbnail)
    for field, path in zip(files, clip_paths(clip, folder), strict=True):
        field.storage.delete(str(field.name))
        with path.open("rb") as handle:
            field.storage.save(str(field.name), File(handle))
    make_renditions(video)
    if not waiting().filter(pk=video.pk).update(state=Video.State.READY):
        _remove_if_deleted(video)


def _remove_if_deleted(video: Video) -> None:
    if not Video.objects.filter(pk=video.pk).exists():
        remove_files(video)

"""KuaiRand: what people did with the short videos of an app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from imports import files, values
from imports.files import Location
from imports.records import BadRow, Dataset, Interaction, Item, parse_each
from imports.tables import table

PARENT = "Short videos"
# The length of videos whose `duration_ms` is 0, for their fraction alone: from these
# seconds on KuaiRand marks a row as a long view, theirs included.
LONG_VIEW_SECONDS = 18.0


class KuaiRand(Dataset):
    """One table: `feedback.csv`, or a log of the published release; by comma or tab.

    The fraction is play time over duration, at most 1. A hate is "not interested".
    Follows and comments stay out: the table has neither authors nor texts.
    """

    source = "kuairand"
    title = "KuaiRand"

    def __init__(self, path: Path) -> None:
        is_table = path.is_file() and path.suffix != ".zip"
        self.path: Location = path if is_table else files.require(path, "feedback.csv")

    def size(self) -> int:
        return max(0, files.count_lines(self.path) - 1)

    def interactions(self) -> Iterator[Interaction | BadRow]:
        rows = table(
            self.path, "USER_ID", "VIDEO_ID", "TIME_MS", "PLAY_TIME_MS", "DURATION_MS"
        )
        return parse_each(rows, self._feedback)

    def _feedback(self, cells: dict[str, str]) -> Interaction:
        longest = values.MAX_SECONDS * 1000
        played, duration = (
            values.number(cells[name], name.lower(), low=0, high=longest) / 1000
            for name in ("PLAY_TIME_MS", "DURATION_MS")
        )
        video = values.identifier(cells["VIDEO_ID"], "video_id")
        liked, hated = _opinion(cells)
        return Interaction(
            person=values.identifier(cells["USER_ID"], "user_id"),
            item=Item(
                external_id=video,
                title=f"Short video {video}"[: values.MAX_TITLE],
                url=f"https://kuairand.com/#video-{video}",
                duration=duration,
                categories=((PARENT, ""),),
            ),
            at=values.moment(cells["TIME_MS"], "time_ms"),
            fraction=min(1.0, played / (duration or LONG_VIEW_SECONDS)),
            seconds=played,
            liked=liked,
            dismissed=hated,
        )


def _opinion(cells: dict[str, str]) -> tuple[bool, bool]:
    """Liked, hated: one `label` (1 or 0) in the extract, two columns in the release."""
    if "LABEL" in cells:
        liked = values.flag(cells["LABEL"], "label")
        return liked, not liked
    return (
        values.flag(cells.get("IS_LIKE", "0"), "is_like"),
        values.flag(cells.get("IS_HATE", "0"), "is_hate"),
    )

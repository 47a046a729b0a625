"""Demo clips on disk: made side by side, once, and kept under `var/demo`."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from demo.media.clips import Clip, make_clip

VERSION = 1  # raise it when scenes change: cached clips are then made anew


def clip_paths(clip: Clip, folder: Path) -> tuple[Path, Path]:
    """Where the video and the thumbnail of `clip` are kept."""
    key = hashlib.sha256(repr((VERSION, clip)).encode()).hexdigest()[:20]
    return folder / f"{key}.mp4", folder / f"{key}.jpg"


def make_clips(
    clips: Sequence[Clip], folder: Path, *, ffmpeg: str, quiet: bool = False
) -> int:
    """Make those of `clips` that are missing in `folder`; return how many.

    One process for each core. Raises `clips.EncodingError` when ffmpeg fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [
        (clip, *clip_paths(clip, folder))
        for clip in clips
        if not all(path.exists() for path in clip_paths(clip, folder))
    ]
    if not missing:
        return 0
    # Not forked: a forked process would share this one's database connection.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_cores(), mp_context=context) as pool:
        jobs = [pool.submit(make_clip, *work, ffmpeg) for work in missing]
        try:
            for job in tqdm(
                as_completed(jobs), "  clips", len(jobs), unit="clip", disable=quiet
            ):
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return len(missing)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

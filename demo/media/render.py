"""Demo clips on disk: made once, one process for each core, and kept for later runs."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from demo.media.clips import UNFINISHED, Clip, make_clip

VERSION = 1  # raise it when scenes change: all clips are then made again
ABANDONED_AFTER = 600.0  # seconds; no clip takes that long


def clip_paths(clip: Clip, folder: Path) -> tuple[Path, Path]:
    """Paths of the video and of the thumbnail of `clip`."""
    key = hashlib.sha256(repr((VERSION, clip)).encode()).hexdigest()[:20]
    return folder / f"{key}.mp4", folder / f"{key}.jpg"


def make_clips(clips: Sequence[Clip], folder: Path, *, ffmpeg: str) -> Iterator[Clip]:
    """Make those of `clips` that are missing in `folder`; yield each whose files exist.

    They are begun in the given order. Raises `clips.EncodingError` when ffmpeg fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder)
    missing = []
    for clip in clips:
        if all(path.exists() for path in clip_paths(clip, folder)):
            yield clip
        else:
            missing.append(clip)
    if not missing:
        return
    # Not forked: a forked process would share this one's database connection.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(_cores(), len(missing)), mp_context=context, initializer=_start_worker
    ) as pool:
        jobs = {
            pool.submit(make_clip, clip, *clip_paths(clip, folder), ffmpeg): clip
            for clip in missing
        }
        try:
            for job in as_completed(jobs):
                job.result()
                yield jobs[job]
        except BaseException:
            pool.shutdown(cancel_futures=True)  # clips in work are finished
            raise


def _start_worker() -> None:
    """Ctrl-C reaches the parent alone; without the parent, a worker ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=[parent], daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _remove_abandoned(folder: Path) -> None:
    """Delete temporary folders of killed runs."""
    for path in folder.glob(f"{UNFINISHED}*"):
        if time.time() - path.stat().st_mtime > ABANDONED_AFTER:
            shutil.rmtree(path, ignore_errors=True)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""The state of the preparation, in its file and in the terminal."""

from __future__ import annotations

import io
import os
import time

import pytest

from config.runtime import preparation
from config.runtime.preparation import STALE_AFTER, Preparation
from config.runtime.progress_line import ProgressLine

CLIPS = Preparation("demo", "Making demo videos", "120 of 400", 120, 400)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_written_is_current_until_it_is_removed():
    assert preparation.current() is None
    preparation.write(CLIPS)
    assert preparation.current() == CLIPS
    preparation.write(None)
    assert preparation.current() is None
    preparation.write(None)


def test_the_file_of_a_killed_writer_counts_for_nothing(settings):
    preparation.write(CLIPS)
    then = time.time() - STALE_AFTER - 1
    os.utime(settings.PREPARATION_FILE, (then, then))
    assert preparation.current() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"other": 1}'])
def test_an_unreadable_file_counts_for_nothing(settings, text):
    settings.PREPARATION_FILE.write_text(text)
    assert preparation.current() is None


def test_only_local_installations_look(settings):
    preparation.write(CLIPS)
    settings.LOCAL = False
    assert preparation.current() is None


def test_a_terminal_shows_one_line_that_changes():
    stream = Terminal()
    line = ProgressLine(stream)
    line.show(CLIPS)
    line.show(CLIPS)
    line.say("web ended")
    shown = "\r\x1b[KMaking demo videos: 120 of 400"
    assert stream.getvalue() == f"{shown}{shown}\nweb ended\n"


def test_elsewhere_each_quarter_of_a_stage_has_a_line():
    stream = io.StringIO()
    line = ProgressLine(stream)
    for done in range(401):
        line.show(Preparation("demo", "Clips", f"{done} of 400", done, 400))
    line.show(Preparation("training", "Training"))
    line.show(Preparation("training", "Training"))
    assert stream.getvalue().splitlines() == [
        *(f"Clips: {done} of 400" for done in (0, 100, 200, 300, 400)),
        "Training",
    ]

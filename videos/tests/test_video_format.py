from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils import timezone

from videos.catalog import CATALOG
from videos.templatetags.video_format import (
    age,
    category_icon,
    compact,
    duration,
    hue,
    percent,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "0:00"),
        (-3, "0:00"),
        (9.99, "0:09"),
        (61.7, "1:01"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (36_061, "10:01:01"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "0"),
        (999, "999"),
        (1000, "1K"),
        (1299, "1.2K"),
        (9999, "9.9K"),
        (12_345, "12K"),
        (999_999, "999K"),
        (3_400_000, "3.4M"),
        (2_000_000_000, "2B"),
    ],
)
def test_compact_never_rounds_up(number, text):
    assert compact(number) == text


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=2, minutes=59), "2 hours ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=13), "1 week ago"),
        (timedelta(days=59), "1 month ago"),
        (timedelta(days=800), "2 years ago"),
    ],
)
def test_age(monkeypatch, elapsed, text):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert age(now - elapsed) == text


def test_age_of_nothing_is_empty():
    assert age(None) == ""


@pytest.mark.parametrize(
    ("fraction", "whole"), [(None, 0), (-1, 0), (0.304, 30), (0.999, 100), (7, 100)]
)
def test_percent(fraction, whole):
    assert percent(fraction) == whole


def test_each_parent_category_has_an_icon_of_the_sprite():
    sprite = Path(finders.find("icons.svg")).read_text()
    names = [category_icon(parent.icon) for parent in CATALOG]
    assert len(set(names)) == len(CATALOG)
    for name in names:
        assert f'<symbol id="{name}"' in sprite
    assert category_icon("🦄") == ""


def test_hue_is_stable_and_one_of_the_styles():
    assert hue("jazz") == hue("jazz")
    assert len({hue(name) for name in ("jazz", "football", "chess", "news")}) == 4
    styles = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text()
    for number in range(100):
        assert f'[data-hue="{hue(str(number))}"]' in styles

"""Texts of any script: normalised, visible, and unable to reorder their neighbours."""

# ruff: noqa: RUF001

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rest.texts import isolated, line, prose

WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\u00a0\u3000", "\u200b", "\u200d\u200c", "\u202e\u202c"),
        *("\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u0301\u0301", "\ufeff"),
        *("\U000e0041\U000e0042", "\u2066\u2069", "\x00\x07", "\ud800", "\u00ad"),
        *("\u180e", "\u2062", "\ufe0f", "\u034f"),
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_is_empty(text):
    assert prose(text) == line(text) == ""
    assert line(f"{text}a{text}").strip(text) in ("a", "á")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\u2067b\u2069c", "abc"),
        ("\u200bhidden\u200b spaces\ufeff", "hidden spaces"),
        ("two\r\nlines\u2028three", "two lines three"),
        ("a\x00b\x1bc\ud800d", "abcd"),
        (f"Cymru {WALES}", f"Cymru {WALES}"),
        ("👩\u200d🚀 ☝️", "👩\u200d🚀 ☝️"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("שלום\u200f!", "שלום\u200f!"),
        ("한국어 日本語 ไทย", "한국어 日本語 ไทย"),
    ],
)
def test_lines(text, expected):
    assert line(text) == expected


def test_prose_keeps_its_lines_and_tabs():
    assert prose(" one\r\n\r\ntwo\rthree\tfour ") == "one\n\ntwo\nthree\tfour"


@given(st.text(alphabet=st.characters(categories=None)))
def test_any_text_can_be_stored_and_cleaning_again_changes_nothing(text):
    for clean in (line, prose):
        once = clean(text)
        assert clean(once) == once
        assert "\x00" not in once
        once.encode()


def test_only_right_to_left_text_is_isolated():
    assert isolated("Jazz (live)") == "Jazz (live)"
    assert isolated("שלום (live)") == "\u2068שלום (live)\u2069"

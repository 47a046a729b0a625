from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imports import values


@pytest.mark.parametrize("text", ["1700000000", "1700000000000", "1700000000.0"])
def test_moment_is_in_seconds_or_milliseconds(text):
    at = values.moment(text, "TIMESTAMP")
    assert at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "nan", "inf", "-1", "0", "1e30", "9999999999", "٣x"]
)
def test_moment_refuses_what_is_no_time_of_the_past(text):
    with pytest.raises(ValueError, match="TIMESTAMP"):
        values.moment(text, "TIMESTAMP")


@pytest.mark.parametrize("text", ["nan", "-0.1", "1.01", "inf", "", "a" * 5000])
def test_number_refuses_what_is_out_of_range_in_few_words(text):
    with pytest.raises(ValueError, match="x ") as refusal:
        values.number(text, "x", low=0, high=1)
    assert len(str(refusal.value)) < 100


def test_identifier_is_stripped_and_bounded():
    assert values.identifier(" a b ", "id") == "a b"
    for text in ("", "  ", "x" * 257):
        with pytest.raises(ValueError, match="id is"):
            values.identifier(text, "id")


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "ftp://a/b", "https://", "http://[", "/video"]
)
def test_web_address_refuses_other_things(text):
    with pytest.raises(ValueError, match="is not a web address"):
        values.web_address(text, "URL")


def test_shorten_marks_the_cut():
    assert values.shorten("four", 4) == "four"
    assert values.shorten("fives", 4) == "fiv…"

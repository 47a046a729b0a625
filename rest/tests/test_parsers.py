"""JSON that the platform cannot work with is refused with a reason."""

from __future__ import annotations

import io

import pytest
from rest_framework.exceptions import ParseError

from rest.parsers import MAX_DEPTH, JSONParser


def parse(body: bytes, encoding: str = "utf-8"):
    return JSONParser().parse(io.BytesIO(body), None, {"encoding": encoding})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "JSON parse error"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper"),
        (b'{"a": 1e999}', "1e999 is out of range"),
        (b'{"a": NaN}', "NaN is out of range"),
        (b'{"a": -Infinity}', "-Infinity is out of range"),
        (b"1" + b"0" * 400, "is out of range"),
        (b"9" * 5000, "is out of range"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair"),
        (b'{"a": [{"\\udfff": 1}]}', "half of a surrogate pair"),
        (b'{"a": "\xff"}', "JSON parse error"),
        (b'{"a": "\xed\xa0\x80"}', "JSON parse error"),
    ],
)
def test_refused(body, reason):
    with pytest.raises(ParseError, match=reason):
        parse(body)


@pytest.mark.parametrize("encoding", ["klingon", "zlib"])
def test_an_encoding_that_is_none(encoding):
    with pytest.raises(ParseError):
        parse(b"{}", encoding)


def test_taken():
    deep: object = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert parse(b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH) == deep
    assert parse(b'"\\ud83c\\udfac \\\\ud800"') == "\U0001f3ac \\ud800"
    assert parse(b'{"a": 9007199254740993, "b": 0.5}') == {
        "a": 9007199254740993,
        "b": 0.5,
    }
    assert parse('{"a": "é"}'.encode("utf-16"), "utf-16") == {"a": "é"}

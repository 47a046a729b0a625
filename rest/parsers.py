"""The parser of JSON bodies: what it returns can be stored and sent again."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as DRFJSONParser
from rest_framework.parsers import get_encoding  # type: ignore[attr-defined]

MAX_DEPTH = 32  # of lists and objects in each other
# JSON holds half of a surrogate pair only as an escape.
SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class JSONParser(DRFJSONParser):
    """DRF's parser, which also refuses JSON that the platform cannot work with.

    That is a number beyond the range of floats, half of a surrogate pair, and nesting
    deeper than `MAX_DEPTH`.
    """

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            text = stream.read().decode(get_encoding(parser_context or {}))
            value = json.loads(
                text,
                parse_int=_integer,
                parse_float=_finite,
                parse_constant=_finite,
            )
            if SURROGATE_ESCAPE.search(text):
                json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            message = "JSON parse error - a text has half of a surrogate pair"
            raise ParseError(message) from error
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except RecursionError as error:
            raise _too_deep() from error
        if _is_deeper(value, MAX_DEPTH):
            raise _too_deep()
        return value


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is out of range")
    return number


def _integer(digits: str) -> int:
    _finite(digits)
    return int(digits)


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether lists and objects are nested more than `depth` deep."""
    level = [value]
    for _ in range(depth):
        level = [part for outer in level for part in _parts(outer)]
    return any(isinstance(part, list | dict) for part in level)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> ParseError:
    return ParseError(f"JSON parse error - nested deeper than {MAX_DEPTH} levels")

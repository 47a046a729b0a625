"""Requests against the shapes of Personalize, as botocore describes them.

The service description that every AWS client is made from holds each operation's
members, limits and patterns, so they stand in no other place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from recommender.compat.personalize.errors import InvalidInput, Unserializable


def parse(service: str, operation: str, body: bytes) -> dict[str, Any]:
    """The members of `body` that the operation's input has, checked.

    Times become datetimes; a property that holds JSON becomes what it holds. Raises
    `Unserializable` for what is no JSON, `InvalidInput` for what breaks a limit.
    """
    try:
        sent = _decoded(body.decode() or "{}")
    except (ValueError, RecursionError):
        raise Unserializable(
            "The body is not JSON, or holds what is no text."
        ) from None
    shape = _service(service).operation_model(operation).input_shape
    members: dict[str, Any] = _checked(shape, sent, "")
    return members


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def _checked(shape: Shape, value: Any, path: str) -> Any:
    return CHECKS[shape.type_name](shape, value, path)


def _structure(shape: StructureShape, value: Any, path: str) -> dict[str, Any]:
    _of_type(value, dict, path)
    for name in shape.required_members:
        if value.get(name) is None:
            raise _broken(value.get(name), _under(path, name), "must not be null")
    return {
        name: _checked(member, value[name], _under(path, name))
        for name, member in shape.members.items()
        if value.get(name) is not None
    }


def _list(shape: ListShape, value: Any, path: str) -> list[Any]:
    _of_type(value, list, path)
    _of_size(shape, len(value), value, path)
    return [
        _checked(shape.member, member, f"{path}.{place}.member")
        for place, member in enumerate(value, 1)
    ]


def _map(shape: MapShape, value: Any, path: str) -> dict[str, Any]:
    _of_type(value, dict, path)
    _of_size(shape, len(value), value, path)
    return {
        _checked(shape.key, key, path): _checked(shape.value, member, f"{path}.{key}")
        for key, member in value.items()
    }


def _string(shape: Shape, value: Any, path: str) -> Any:
    if shape.serialization.get("jsonvalue"):
        return _json(shape, value, path)
    _of_type(value, str, path)
    _of_size(shape, len(value), value, path)
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        raise _broken(
            value, path, f"must satisfy regular expression pattern: {pattern}"
        )
    return value


def _json(shape: Shape, value: Any, path: str) -> Any:
    """JSON in a string, or as it is: clients send either."""
    text = value if isinstance(value, str) else json.dumps(value)
    _of_size(shape, len(text), value, path)
    try:
        return _decoded(text)
    except (ValueError, RecursionError):
        raise _broken(value, path, "must be JSON") from None


def _decoded(text: str) -> Any:
    """Raises `ValueError` for what is no JSON, and where a string holds half of a
    surrogate pair or a NUL, which no database takes."""
    value = json.loads(text)
    if "\\u0000" in json.dumps(value):
        raise ValueError
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _whole(shape: Shape, value: Any, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unserializable(f"{path} must be a whole number.")
    _of_size(shape, value, value, path)
    return value


def _number(shape: Shape, value: Any, path: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Unserializable(f"{path} must be a number.")
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        raise _broken(value, path, "must be finite")
    return number


def _time(shape: Shape, value: Any, path: str) -> datetime:
    """Unix time in seconds, as this protocol has it, or ISO 8601."""
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return datetime.fromtimestamp(_number(shape, value, path), UTC)
    except (ValueError, OverflowError, OSError):
        raise _broken(value, path, "must be a time") from None


CHECKS: dict[str, Callable[[Any, Any, str], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _whole,
    "float": _number,
    "double": _number,
    "timestamp": _time,
}
KINDS: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}


def _of_type(value: Any, kind: type, path: str) -> None:
    if not isinstance(value, kind):
        raise Unserializable(f"{path or 'The body'} must be {KINDS[kind]}.")


def _of_size(shape: Shape, size: int, value: Any, path: str) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    what = "value" if isinstance(value, int) else "length"
    if low is not None and size < low:
        raise _broken(value, path, f"must have {what} greater than or equal to {low}")
    if high is not None and size > high:
        raise _broken(value, path, f"must have {what} less than or equal to {high}")


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _broken(value: Any, path: str, rule: str) -> InvalidInput:
    shown = json.dumps(value)[:100]
    return InvalidInput(
        f"1 validation error detected: Value {shown} at '{path}' failed to satisfy "
        f"constraint: Member {rule}"
    )

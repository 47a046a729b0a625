"""Personalize's filter language, as far as it applies to a catalogue of videos.

    INCLUDE|EXCLUDE ItemID WHERE Items.FIELD [NOT] IN ("a", $B) [AND|OR ...]
    INCLUDE|EXCLUDE ItemID WHERE Interactions.EVENT_TYPE [NOT] IN ("watch", ...)

Several are joined by `|`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

UPPER_FIELDS = {"GENRES", "CATEGORY", "CATEGORY_L1"}  # of either level
LOWER_FIELDS = {"GENRE_L2", "CATEGORY_L2"}
TOKEN = re.compile(r'\s*("[^"]*"|\$\w+|[A-Za-z_][\w.]*|[(),|])')


class BadFilter(ValueError):
    """The expression is invalid, or lacks a value; the message names the place."""


@dataclass(frozen=True)
class Condition:
    """`field` IN `values`: texts, and parameters with their dollar sign."""

    field: str
    negated: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Expression:
    include: bool
    conditions: tuple[Condition, ...]
    any_of: bool


def parse(text: str) -> list[Expression]:
    """Raises `BadFilter`."""
    tokens = list(_tokens(text))
    tokens.reverse()  # the next one is the last: cheap to take
    found = [_expression(tokens)]
    while tokens:
        _expect(tokens, "|")
        found.append(_expression(tokens))
    return found


def _tokens(text: str) -> Iterator[str]:
    place, end = 0, len(text.rstrip())
    while place < end:
        match = TOKEN.match(text, place)
        if match is None:
            raise BadFilter(f"The filter cannot be read from “{text[place:][:20]}” on.")
        yield match[1]
        place = match.end()


def _expression(tokens: list[str]) -> Expression:
    include = _expect(tokens, "INCLUDE", "EXCLUDE") == "INCLUDE"
    _expect(tokens, "ITEMID")
    _expect(tokens, "WHERE")
    conditions, joints = [_condition(tokens)], set()
    while tokens and tokens[-1] != "|":
        joints.add(_expect(tokens, "AND", "OR"))
        conditions.append(_condition(tokens))
    if len(joints) > 1:
        raise BadFilter("AND and OR in one expression: write two, joined by “|”.")
    return Expression(include, tuple(conditions), "OR" in joints)


def _condition(tokens: list[str]) -> Condition:
    field = _take(tokens).upper()
    dataset, _, name = field.partition(".")
    known = (
        name in UPPER_FIELDS | LOWER_FIELDS
        if dataset == "ITEMS"
        else field == "INTERACTIONS.EVENT_TYPE"
    )
    if not known:
        raise BadFilter(
            f"There is no {field} to filter by: there are Interactions.EVENT_TYPE and "
            f"Items with {', '.join(sorted(UPPER_FIELDS | LOWER_FIELDS))}."
        )
    negated = _expect(tokens, "IN", "NOT") == "NOT"
    if negated:
        _expect(tokens, "IN")
    _expect(tokens, "(")
    values = [_value(tokens)]
    while _expect(tokens, ",", ")") == ",":
        values.append(_value(tokens))
    return Condition(name, negated, tuple(values))


def _value(tokens: list[str]) -> str:
    token = _take(tokens)
    if token.startswith("$"):
        return token
    if token.startswith('"'):
        return token[1:-1]
    raise BadFilter(f"“{token}” is neither a text in quotation marks nor a $PARAMETER.")


def _take(tokens: list[str]) -> str:
    if not tokens:
        raise BadFilter("The filter ends too early.")
    return tokens.pop()


def _expect(tokens: list[str], *words: str) -> str:
    token = _take(tokens)
    if token.upper() not in words:
        raise BadFilter(f"“{token}” stands where {' or '.join(words)} belongs.")
    return token.upper()

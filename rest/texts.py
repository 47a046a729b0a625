"""Texts that people write: one form for forms, the API, imports and the database.

`LineField` and `ProseField` store them so, however they arrive. A text of which nothing
can be seen becomes empty, so a required field refuses it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models

if TYPE_CHECKING:
    _Line = models.CharField[str, str]
    _Prose = models.TextField[str, str]
else:
    _Line, _Prose = models.CharField, models.TextField

# Letters and symbols that show nothing: Hangul fillers and an empty Braille cell.
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
VISIBLE = "LNPS"  # categories of Unicode; the rest are marks, spaces and controls
# Overrides and embeddings reorder the text around them. Marks and joiners stay, since
# Persian, Arabic and emoji need them.
REORDERING = "\u202a-\u202e\u2066-\u2069"
INVISIBLE = "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"
FLAG = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # of a region, such as Wales
REMOVED = re.compile(
    f"({FLAG})|[{REORDERING}{INVISIBLE}\U000e0000-\U000e007f\ud800-\udfff]"
)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
NEWLINES = re.compile("\r\n?|\u2028|\u2029")
RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"


def prose(text: str) -> str:
    """Normalised (NFC), without controls that cannot be seen or that reorder text, and
    without spaces around it; empty if nothing can be seen."""
    text = CONTROLS.sub("", NEWLINES.sub("\n", text))
    text = REMOVED.sub(lambda found: found[1] or "", text)
    text = unicodedata.normalize("NFC", text).strip()
    return text if any(map(_is_visible, text)) else ""


def line(text: str) -> str:
    """As `prose`, in one line with single spaces."""
    return " ".join(prose(text).split())


def isolated(text: str) -> str:
    """`text` for the middle of a sentence: the words around right-to-left text keep
    their places."""
    if any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in text):
        return f"{ISOLATE}{text}{END_OF_ISOLATE}"
    return text


def _is_visible(char: str) -> bool:
    return unicodedata.category(char)[0] in VISIBLE and char not in BLANKS


def is_unstorable(error: Exception) -> bool:
    """Whether PostgreSQL was asked for a text with NUL or half a surrogate pair, which
    it cannot hold: nothing is found by it, and the client sent it."""
    if isinstance(error, UnicodeEncodeError):
        return "surrogates" in error.reason
    return isinstance(error, ValueError) and "NUL (0x00)" in str(error)


class ProseFormField(forms.CharField):
    """Forms send two characters for a line break, which counts as one."""

    def to_python(self, value: Any) -> str | None:
        return prose(super().to_python(value) or "") or self.empty_value


class LineField(_Line):
    """A text of one line: a name or title."""

    def to_python(self, value: Any) -> Any:
        return line(value) if isinstance(value, str) else super().to_python(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return _cleaned(self, model_instance)

    def get_prep_value(self, value: Any) -> Any:
        """Also values of `update` and `bulk_update`, and what lookups compare with."""
        return super().get_prep_value(line(value) if isinstance(value, str) else value)

    def formfield(self, **kwargs: Any) -> Any:
        return _in_its_direction(super().formfield(**kwargs))

    def deconstruct(self) -> Any:
        return _stored_as(super().deconstruct(), "CharField")


class ProseField(_Prose):
    """A text of several lines: a comment or description."""

    def to_python(self, value: Any) -> Any:
        return prose(value) if isinstance(value, str) else super().to_python(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return _cleaned(self, model_instance)

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(prose(value) if isinstance(value, str) else value)

    def formfield(self, **kwargs: Any) -> Any:
        kwargs.setdefault("form_class", ProseFormField)
        return _in_its_direction(super().formfield(**kwargs))

    def deconstruct(self) -> Any:
        return _stored_as(super().deconstruct(), "TextField")


def _cleaned(field: Any, model_instance: models.Model) -> Any:
    value = getattr(model_instance, field.attname)
    if isinstance(value, str):
        value = field.to_python(value)
        setattr(model_instance, field.attname, value)
    return value


def _in_its_direction(field: Any) -> Any:
    if field is not None:
        field.widget.attrs["dir"] = "auto"
    return field


def _stored_as(parts: Any, name: str) -> Any:
    """In migrations it is Django's own field: the column is the same."""
    attribute, _, args, kwargs = parts
    return attribute, f"django.db.models.{name}", args, kwargs

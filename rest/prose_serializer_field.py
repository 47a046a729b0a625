"""Texts of several lines in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from rest.texts import prose


class ProseSerializerField(serializers.CharField):
    """Its length is that of the text as it is stored, with short line breaks."""

    def to_internal_value(self, data: Any) -> str:
        return prose(super().to_internal_value(data))

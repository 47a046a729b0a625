from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework import serializers

from rest.output import FastOutput


@dataclass
class Creator:
    name: str | None = "Mia"

    def get_name(self) -> str:
        return "Mia M."


@dataclass
class Film:
    title: str | None = "Night"
    creator: Creator | None = None
    length: float = 30
    published: datetime | None = datetime(2026, 1, 2, tzinfo=UTC)
    views: int = 0
    public: bool = True


class CreatorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()


class FilmSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    creator = CreatorSerializer()
    called = serializers.CharField(source="creator.name", default="no one")
    full_name = serializers.CharField(source="creator.get_name", default="no one")
    length = serializers.FloatField()
    published = serializers.DateTimeField()
    views = serializers.IntegerField()
    public = serializers.BooleanField()
    kind = serializers.SerializerMethodField()
    whole = serializers.SerializerMethodField()
    secret = serializers.CharField(write_only=True)

    def get_kind(self, film: Film) -> str:
        return f"film of {film.length} s"

    def get_whole(self, film: Film) -> Any:
        return self.context["whole"]


class FastCreatorSerializer(FastOutput, CreatorSerializer):
    pass


class FastFilmSerializer(FastOutput, FilmSerializer):
    creator = FastCreatorSerializer()


@pytest.mark.parametrize(
    "film",
    [
        Film(creator=Creator()),
        Film(creator=Creator(None)),
        Film(None, None, 1.5, None, 3, public=False),
    ],
)
def test_gives_what_drf_gives(film: Film) -> None:
    context = {"whole": [1]}
    slow = FilmSerializer([film], many=True, context=context).data
    fast = FastFilmSerializer([film], many=True, context=context).data
    assert fast == slow
    assert str(fast) == str(slow)

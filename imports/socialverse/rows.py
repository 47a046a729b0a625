"""Parse rows of the API; each function raises `ValueError` with the reason.

The API's forms vary: a value is a list in one row and an object in the next, keys have
two spellings, and numbers come as text. Records hold clean values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from imports import values

MAX_NAME = 150
MAX_TAG = 60
MAX_TAGS = 30
MAX_SUMMARY = 300
MAX_WEBSITE = 200
MAX_BIO = 1000
MAX_TOPIC = 150
MAX_PROJECT = 100


@dataclass(frozen=True, slots=True)
class Person:
    """`external_id` is empty for owners of posts: only their user name is known."""

    external_id: str
    username: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    bio: str = ""
    website: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class CategoryRow:
    external_id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class TopicRow:
    external_id: str
    name: str
    slug: str
    project_code: str
    description: str


@dataclass(frozen=True, slots=True)
class Post:
    """`emotions` are words as received, the most certain first."""

    external_id: str
    title: str
    slug: str
    url: str
    description: str
    tags: tuple[str, ...]
    emotions: tuple[str, ...]
    owner: Person | None
    category: CategoryRow | None
    topic: TopicRow | None
    created_at: datetime | None
    in_public_feed: bool
    locked: bool

    @property
    def summary(self) -> str:
        return values.shorten(self.description, MAX_SUMMARY)


@dataclass(frozen=True, slots=True)
class Reaction:
    """A view, like, inspire or rating; `percent` is a rating's, 1 to 100."""

    person: str
    post: str
    at: datetime
    percent: int | None = None


def person(row: Any) -> Person:
    row = _object(row, "user")
    return Person(
        external_id=_identifier(row, "id"),
        username=_text(row, "username", MAX_NAME),
        first_name=_text(row, "first_name", MAX_NAME),
        last_name=_text(row, "last_name", MAX_NAME),
        email=_text(row, "email", 254).lower(),
        bio=_text(row, "bio", MAX_BIO),
        website=_address(row.get("website_url"), MAX_WEBSITE),
        verified=_true(row.get("isVerified")) or _true(row.get("is_verified")),
    )


def post(row: Any) -> Post:
    row = _object(row, "post")
    external_id = _identifier(row, "id")
    summary = _object_or_empty(row.get("post_summary"))
    words = [*_words(row.get("tags")), *_words(summary.get("genre"))]
    words += _words(summary.get("keywords"))
    available = row.get("is_available_in_public_feed")
    title = _text(row, "title", values.MAX_TITLE) or _text(row, "slug", 100)
    return Post(
        external_id=external_id,
        title=title or f"Post {external_id}",
        slug=_text(row, "slug", 200),
        url=values.web_address(str(row.get("video_link") or ""), "video_link"),
        description=_text(summary, "description", values.MAX_DESCRIPTION),
        tags=tuple(dict.fromkeys(values.shorten(w.lower(), MAX_TAG) for w in words))[
            :MAX_TAGS
        ],
        emotions=tuple(dict.fromkeys(_words(summary.get("emotions")))),
        owner=_owner(row),
        category=_category(row.get("category")),
        topic=_topic(row.get("topic")),
        created_at=_milliseconds(row.get("created_at")),
        in_public_feed=available is None or _true(available),
        locked=_true(row.get("is_locked")),
    )


def reaction(row: Any, *, at: str) -> Reaction:
    """A row of a view, like, inspire or rating; `at` is the key of its time."""
    row = _object(row, "interaction")
    if "post_id" not in row and "video_link" in row:
        raise ValueError("is a whole post: is RESONANCE_ALGORITHM right?")
    percent = None
    if at == "rated_at":
        number = row.get("rating_percent")
        percent = round(values.number(str(number), "rating_percent", low=1, high=100))
    return Reaction(
        person=_identifier(row, "user_id"),
        post=_identifier(row, "post_id"),
        at=_moment(row.get(at), at),
        percent=percent,
    )


def _owner(row: Mapping[str, Any]) -> Person | None:
    """In rows of 2025 an object, in those of 2024 flat names; neither has the id."""
    owner = _object_or_empty(row.get("owner")) or row
    username = _text(owner, "username", MAX_NAME)
    if not username:
        return None
    first, last = (_text(owner, f"{n}_name", MAX_NAME) for n in ("first", "last"))
    if not first and not last and owner is not row:
        first = _text(owner, "name", MAX_NAME)
    return Person("", username, first, last)


def _category(value: Any) -> CategoryRow | None:
    row = _object_or_empty(value)
    if not row or row.get("id") is None:
        return None
    external_id = _identifier(row, "id")
    name = _text(row, "name", values.MAX_CATEGORY) or f"Category {external_id}"
    return CategoryRow(external_id, name, _text(row, "description", 1000))


def _topic(value: Any) -> TopicRow | None:
    row = _object_or_empty(value)
    if not row or row.get("id") is None:
        return None
    external_id = _identifier(row, "id")
    return TopicRow(
        external_id=external_id,
        name=_text(row, "name", MAX_TOPIC) or f"Topic {external_id}",
        slug=_text(row, "slug", MAX_TOPIC),
        project_code=_text(row, "project_code", MAX_PROJECT),
        description=_text(row, "description", 1000),
    )


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"the {name} is not an object")
    return value


def _object_or_empty(value: Any) -> Mapping[str, Any]:
    """An object, also alone in a list; empty for anything else."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else {}


def _identifier(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None or isinstance(value, bool | float | list | dict):
        raise ValueError(f"{key} is missing")
    return values.identifier(_clean(str(value)), key)


def _text(row: Mapping[str, Any], key: str, length: int) -> str:
    value = row.get(key)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    return values.shorten(_clean(str(value)), length)


def _clean(text: str) -> str:
    """Remove what PostgreSQL cannot store: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _address(value: Any, length: int) -> str:
    """A valid web address, or an empty string."""
    try:
        address = values.web_address(str(value or "").strip(), "address")
    except ValueError:
        return ""
    return address if len(address) <= length else ""


def _true(value: Any) -> bool:
    return value is True or str(value).lower() in ("1", "true", "yes")


def _words(value: Any) -> Iterator[str]:
    """All words in a value of any form, in order.

    `{"keyword": "bees", "weight": 3}` gives the word; `{"joy": 0.8, "fear": 0}` gives
    the keys whose value is not zero.
    """
    if isinstance(value, str):
        for word in _clean(value).split(","):
            if word.strip():
                yield word.strip()
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, bool | int | float):
                if each and key not in ("weight", "id", "count"):
                    yield from _words(key)
            else:
                yield from _words(each)


def _moment(value: Any, name: str) -> datetime:
    """Parse `2025-05-01 12:00:00`, in UTC, or an ISO form."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{name} {str(value)[:40]!r} is not a time") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not datetime(1971, 1, 1, tzinfo=UTC) < at <= datetime.now(UTC) + timedelta(1):
        raise ValueError(f"{name} {str(value)[:40]!r} is not in the past")
    return at


def _milliseconds(value: Any) -> datetime | None:
    """The time of a post; None if it is invalid."""
    try:
        return values.moment(str(value), "created_at")
    except ValueError:
        return None

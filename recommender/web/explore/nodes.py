"""What a taste map consists of: nodes that each lead somewhere, and links."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from videos.models import Category, ParentCategory, Video


@dataclass(frozen=True)
class Node:
    """A video, person or category; `ring` is how far from the middle, 0 to 2.

    `url` opens it, `map_url` draws the map around it (empty for a category). `image` is
    the address of its picture; without, there is an `icon` or the label's first letter.
    """

    key: str
    kind: str
    label: str
    note: str
    ring: int
    url: str
    map_url: str = ""
    image: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Link:
    """What joins two nodes, by their keys.

    `kind` is made, about, picked, follows, watched or co_watched; `strength` 1 to 3.
    """

    source: str
    target: str
    kind: str
    strength: int = 1


@dataclass
class TasteMap:
    """Nodes, the one in the middle first; `notice` says what is missing, if it is."""

    title: str
    notice: str = ""
    _nodes: dict[str, Node] = field(default_factory=dict)
    _links: dict[frozenset[str], Link] = field(default_factory=dict)

    @property
    def nodes(self) -> list[Node]:
        return list(self._nodes.values())

    @property
    def links(self) -> list[Link]:
        return list(self._links.values())

    def key(self, video: Video) -> str:
        return f"video-{video.video_id}"

    def has(self, video: Video) -> bool:
        return self.key(video) in self._nodes

    def video(self, video: Video, note: str, ring: int) -> str:
        """Add a video unless it is there; returns its key, as the two below do."""
        image = reverse("video_thumbnail", args=[video.video_id])
        if video.thumbnail_widths:
            image = f"{image}{min(video.thumbnail_widths)}/"
        return self._add(
            Node(
                self.key(video),
                "video",
                video.title,
                note,
                ring,
                video.get_absolute_url(),
                _map_url(video=video.video_id),
                image if video.thumbnail else "",
            )
        )

    def person(self, person: User, note: str, ring: int) -> str:
        return self._add(
            Node(
                f"person-{person.username}",
                "person",
                person.display_name,
                note,
                ring,
                person.get_absolute_url(),
                _map_url(person=person.username),
                person.profile_picture.url if person.profile_picture else "",
            )
        )

    def category(
        self, category: Category | ParentCategory, note: str, ring: int
    ) -> str:
        return self._add(
            Node(
                f"category-{category.slug}",
                "category",
                category.name,
                note,
                ring,
                category.get_absolute_url(),
                icon=category.icon,
            )
        )

    def link(self, source: str, target: str, kind: str, strength: int = 1) -> None:
        """Join two nodes; the first link between them stays."""
        pair = frozenset((source, target))
        self._links.setdefault(pair, Link(source, target, kind, strength))

    def _add(self, node: Node) -> str:
        self._nodes.setdefault(node.key, node)
        return node.key


def _map_url(**subject: str) -> str:
    return f"{reverse('taste_map')}?{urlencode(subject)}"

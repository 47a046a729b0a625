"""The mapping of rows in PostgreSQL to nodes and relationships in Neo4j.

A *part* is a label, or a relationship type between two labels. Its `select` returns the
key (`id`, or `source` and `target`), then the values of `properties` in their order.
Times are seconds since 1970 as floats, exactly as in PostgreSQL;
`datetime({epochSeconds: toInteger(r.last)})` converts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FORMAT = 1  # raise it with any change here: older mirrors are then rebuilt
MIRROR = "Mirror"  # label of the one node with the state of the mirror


@dataclass(frozen=True)
class Node:
    """A label. `kind` names changes of its rows in the outbox."""

    kind: str
    label: str
    properties: Sequence[str]
    select: str

    @property
    def name(self) -> str:
        return self.label

    @property
    def key(self) -> tuple[str, ...]:
        return ("id",)

    @property
    def write(self) -> str:
        """Cypher that creates or updates `$rows`."""
        return (
            f"UNWIND $rows AS row MERGE (n:{self.label} {{id: row[0]}}) "
            f"SET {_assignments('n', self.properties, 1)}"
        )

    @property
    def create(self) -> str:
        """Cypher that creates `$rows` in an empty mirror."""
        values = _map(("id", *self.properties), "row")
        return f"UNWIND $rows AS row CREATE (:{self.label} {values})"

    @property
    def delete(self) -> str:
        """Cypher that deletes `$keys` and their relationships."""
        return (
            f"UNWIND $keys AS key MATCH (n:{self.label} {{id: key[0]}}) DETACH DELETE n"
        )

    @property
    def keys(self) -> str:
        """Cypher for all keys."""
        return f"MATCH (n:{self.label}) RETURN [n.id] AS key"

    @property
    def read(self) -> str:
        """Cypher for the rows from `$low` to below `$high`, as one list."""
        values = ", ".join(f"n.{name}" for name in ("id", *self.properties))
        return (
            f"MATCH (n:{self.label}) WHERE n.id >= $low AND n.id < $high"
            f" RETURN collect([{values}]) AS rows"
        )


@dataclass(frozen=True)
class Relation:
    """A relationship type between two labels."""

    kind: str
    type: str
    ends: tuple[str, str]
    properties: Sequence[str]
    select: str

    @property
    def name(self) -> str:
        source, target = self.ends
        return f"{source}-{self.type}->{target}"

    @property
    def key(self) -> tuple[str, ...]:
        return ("source", "target")

    @property
    def write(self) -> str:
        """Creates missing ends as bare nodes: their rows wait in the outbox."""
        source, target = self.ends
        return (
            f"UNWIND $rows AS row MERGE (a:{source} {{id: row[0]}})"
            f" MERGE (b:{target} {{id: row[1]}}) MERGE (a)-[r:{self.type}]->(b)"
            f"{self._settings}"
        )

    @property
    def create(self) -> str:
        """Creates relationships of existing nodes. `$rows` has `[source, [[target,
        *values], ...]]`, so that each source is looked up once."""
        source, target = self.ends
        values = _map(("", *self.properties), "one")
        return (
            f"UNWIND $rows AS row MATCH (a:{source} {{id: row[0]}})"
            f" UNWIND row[1] AS one MATCH (b:{target} {{id: one[0]}})"
            f" CREATE (a)-[:{self.type} {values}]->(b)"
        )

    @property
    def delete(self) -> str:
        source, target = self.ends
        return (
            f"UNWIND $keys AS key MATCH (:{source} {{id: key[0]}})"
            f"-[r:{self.type}]->(:{target} {{id: key[1]}}) DELETE r"
        )

    @property
    def keys(self) -> str:
        source, target = self.ends
        pattern = f"(a:{source})-[:{self.type}]->(b:{target})"
        return f"MATCH {pattern} RETURN [a.id, b.id] AS key"

    @property
    def read(self) -> str:
        source, target = self.ends
        values = ", ".join(["a.id", "b.id", *(f"r.{name}" for name in self.properties)])
        return (
            f"MATCH (a:{source})-[r:{self.type}]->(b:{target})"
            f" WHERE a.id >= $low AND a.id < $high RETURN collect([{values}]) AS rows"
        )

    @property
    def _settings(self) -> str:
        if not self.properties:
            return ""
        return f" SET {_assignments('r', self.properties, 2)}"


Part = Node | Relation


def _assignments(name: str, properties: Sequence[str], first: int) -> str:
    return ", ".join(
        f"{name}.{property} = row[{number}]"
        for number, property in enumerate(properties, first)
    )


def _map(properties: Sequence[str], row: str) -> str:
    """A Cypher map of the columns of `row`; columns without a name are left out."""
    values = (f"{name}: {row}[{n}]" for n, name in enumerate(properties) if name)
    return f"{{{', '.join(values)}}}"


def _seconds(column: str) -> str:
    return f"extract(epoch FROM {column})::float8"


NODES = (
    Node(
        "parent",
        "ParentCategory",
        ("name", "slug"),
        "SELECT id, name, slug FROM videos_parentcategory",
    ),
    Node(
        "category",
        "Category",
        ("name", "slug"),
        "SELECT id, name, slug FROM videos_category",
    ),
    Node(
        "user",
        "User",
        ("username", "active", "share_likes", "joined"),
        "SELECT id, username, is_active, share_likes,"
        f" {_seconds('date_joined')} FROM accounts_user",
    ),
    Node(
        "video",
        "Video",
        ("video_id", "title", "duration", "listed", "published"),
        "SELECT id, video_id, title, duration,"
        " visibility = 'public' AND state = 'ready',"
        f" {_seconds('coalesce(published_at, created_at)')} FROM videos_video",
    ),
)

RELATIONS = (
    Relation(
        "category_parent",
        "IN_CATEGORY",
        ("Category", "ParentCategory"),
        (),
        "SELECT id AS source, parent_category_id AS target FROM videos_category",
    ),
    Relation(
        "in_parent",
        "IN_CATEGORY",
        ("Video", "ParentCategory"),
        (),
        "SELECT video_id AS source, parentcategory_id AS target"
        " FROM videos_video_parent_categories",
    ),
    Relation(
        "in_category",
        "IN_CATEGORY",
        ("Video", "Category"),
        (),
        "SELECT video_id AS source, category_id AS target FROM videos_video_categories",
    ),
    Relation(
        "uploaded",
        "UPLOADED",
        ("User", "Video"),
        (),
        "SELECT creator_id AS source, id AS target FROM videos_video",
    ),
    Relation(
        "engagement",
        "WATCHED",
        ("User", "Video"),
        ("fraction", "seconds", "count", "viewed", "score", "last"),
        "SELECT user_id AS source, video_id AS target, fraction, seconds, sessions,"
        f" viewed, score, {_seconds('last_at')} FROM interactions_engagement"
        " WHERE sessions > 0 OR score > 0",
    ),
    Relation(
        "engagement",
        "LIKED",
        ("User", "Video"),
        ("last",),
        "SELECT user_id AS source, video_id AS target,"
        f" {_seconds('last_at')} FROM interactions_engagement WHERE liked",
    ),
    Relation(
        "inspired",
        "INSPIRED_BY",
        ("User", "Video"),
        ("at",),
        "SELECT user_id AS source, video_id AS target,"
        f" {_seconds('timestamp')} FROM interactions_inspire",
    ),
    Relation(
        "rated",
        "RATED",
        ("User", "Video"),
        ("percent", "at"),
        "SELECT user_id AS source, video_id AS target, percent,"
        f" {_seconds('timestamp')} FROM interactions_rating",
    ),
    Relation(
        "not_interested",
        "NOT_INTERESTED",
        ("User", "Video"),
        ("at",),
        "SELECT user_id AS source, video_id AS target,"
        f" {_seconds('created_at')} FROM interactions_notinterested",
    ),
    Relation(
        "follows",
        "FOLLOWS",
        ("User", "User"),
        ("at",),
        "SELECT follower_id AS source, followee_id AS target,"
        f" {_seconds('created_at')} FROM interactions_follow",
    ),
    Relation(
        "chose",
        "INTERESTED_IN",
        ("User", "ParentCategory"),
        (),
        "SELECT user_id AS source, parentcategory_id AS target"
        " FROM accounts_user_parent_category_interests",
    ),
    Relation(
        "interest",
        "INTERESTED_IN",
        ("User", "Category"),
        ("score", "count", "at"),
        "SELECT user_id AS source, category_id AS target, score, interaction_count,"
        f" {_seconds('scored_at')} FROM interactions_usercategoryinterest",
    ),
)

PARTS: tuple[Part, ...] = (*NODES, *RELATIONS)

CONSTRAINTS = [
    *(
        f"CREATE CONSTRAINT {node.label}_id IF NOT EXISTS"
        f" FOR (n:{node.label}) REQUIRE n.id IS UNIQUE"
        for node in NODES
    ),
    f"CREATE CONSTRAINT {MIRROR}_id IF NOT EXISTS"
    f" FOR (n:{MIRROR}) REQUIRE n.id IS UNIQUE",
    "CREATE INDEX User_username IF NOT EXISTS FOR (n:User) ON (n.username)",
    "CREATE INDEX Video_video_id IF NOT EXISTS FOR (n:Video) ON (n.video_id)",
    "CREATE INDEX Category_slug IF NOT EXISTS FOR (n:Category) ON (n.slug)",
]

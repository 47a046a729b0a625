"""The mirror says what the rows say: built from empty, by the relay, and verified."""

from __future__ import annotations

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.tests.factories import make_user
from interactions import services
from interactions.models import Engagement, GraphChange, UserCategoryInterest
from interactions.tests.factories import watch
from recommender.dataset import snapshot
from recommender.graph.mirror import driver, export, outbox, rebuild
from recommender.graph.mirror.schema import PARTS
from recommender.graph.mirror.writer import turn
from recommender.models import GraphMirror
from recommender.tests.graph.mirror.world import (
    count,
    differences,
    make_world,
    needs_neo4j,
    relay_all,
    start_afresh,
)
from videos.models import Video
from videos.tests.factories import make_category

pytestmark = needs_neo4j


@pytest.fixture(autouse=True)
def _afresh(neo4j, transactional_db):
    start_afresh()


def told(pattern: str, returned: str) -> list[dict]:
    return driver.ask(f"MATCH {pattern} RETURN {returned}")


def test_a_mirror_built_from_empty_has_every_part():
    world = make_world()
    relay_all()
    assert not differences()
    for part in PARTS:
        label = f"(:{part.label})" if hasattr(part, "label") else None
        source, target = getattr(part, "ends", (None, None))
        kind = getattr(part, "type", None)
        assert count(label or f"(:{source})-[:{kind}]->(:{target})"), part.name
    user, video = world.people[0], world.videos[0]
    row = Engagement.objects.get(user=user, video=video)
    assert told(
        f"(:User {{id: {user.pk}}})-[r:WATCHED]->(:Video {{id: {video.pk}}})",
        "properties(r) AS r",
    ) == [
        {
            "r": {
                "fraction": row.fraction,
                "seconds": row.seconds,
                "count": row.sessions,
                "viewed": row.viewed,
                "score": row.score,
                "last": row.last_at.timestamp(),
            }
        }
    ]


def test_changes_follow_by_the_relay():
    world = make_world()
    relay_all()
    user, video = make_user(), world.videos[0]
    watch(video, user=user, fraction=0.5)
    services.follow(follower=user, followee=video.creator)
    Video.objects.filter(pk=video.pk).update(title="Renamed", visibility="private")
    video.categories.set([make_category()])
    waiting = GraphChange.objects.count()
    assert relay_all() == waiting > 8
    assert not GraphChange.objects.exists()
    assert not differences()
    assert told(f"(v:Video {{id: {video.pk}}})", "v.title AS t, v.listed AS l") == [
        {"t": "Renamed", "l": False}
    ]


def test_deletions_follow_too():
    world = make_world()
    relay_all()
    user, video = world.people[0], world.videos[1]
    deleted = video.pk
    services.unfollow(follower=user, followee=world.videos[0].creator)
    services.unlike(user=user, video=world.videos[0])
    user.parent_category_interests.clear()
    world.people[2].delete()
    video.delete()
    relay_all()
    assert not differences()
    assert count(f"(n:Video {{id: {deleted}}})") == 0
    assert count(f"(:User {{id: {user.pk}}})-[:FOLLOWS|LIKED]->()") == 0


def test_a_table_emptied_at_once():
    make_world()
    relay_all()
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {UserCategoryInterest._meta.db_table}")
    relay_all()
    assert count("()-[:INTERESTED_IN]->(:Category)") == 0
    assert not differences()


def test_verify_finds_and_repairs_whatever_is_wrong():
    world = make_world()
    relay_all()
    user, video = world.people[0].pk, world.videos[0].pk
    with driver.connect() as connected:
        for damage in (
            f"MATCH (:User {{id: {user}}})-[r:WATCHED]->() SET r.seconds = 1e6",
            f"MATCH (a:User {{id: {user}}})-[:LIKED]->(b) CREATE (a)-[:LIKED]->(b)",
            f"MATCH (:Video {{id: {video}}})-[r:IN_CATEGORY]->(:Category) DELETE r",
            "CREATE (:User {id: 999999999, username: 'nobody'})",
            f"MATCH (v:Video {{id: {video}}}) SET v.title = 'Another'",
        ):
            connected.execute_query(damage)
    with pytest.raises(CommandError, match="6 differences, left"):
        call_command("verify_graph", no_repair=True)
    with pytest.raises(CommandError, match="6 differences, repaired") as caught:
        call_command("verify_graph")
    assert caught.value.returncode == 1
    assert GraphMirror.load().differences == 6
    call_command("verify_graph")
    assert GraphMirror.load().differences == 0
    assert count(f"(:User {{id: {user}}})-[:LIKED]->()") == 1


def test_a_mirror_of_another_generation_is_built_anew():
    make_world()
    relay_all()
    GraphMirror.objects.all().delete()  # and with it the generation
    GraphChange.objects.all().delete()
    with driver.connect() as connected:
        connected.execute_query("MATCH (u:User) DETACH DELETE u")
    relay_all()
    assert not differences()


def test_a_mirror_ahead_of_a_restored_database_is_built_anew():
    make_world()
    relay_all()
    with driver.connect() as connected:
        connected.execute_query(
            "MATCH (m:Mirror) SET m.watermark = 1000000000 WITH m"
            " MATCH (u:User) DETACH DELETE u"
        )
    relay_all()
    assert not differences()


def test_changes_dropped_during_a_rebuild_make_it_void(monkeypatch):
    make_world()
    monkeypatch.setattr(outbox, "LIMIT", 0)

    def change_and_drop(part: str, rows: int) -> None:
        make_user()
        outbox.prune()

    with driver.connect() as connected:
        with turn(connected) as writer:
            rebuild.rebuild(writer, progress=change_and_drop)
        with turn(connected) as writer:
            assert not writer.complete


def test_what_is_not_of_the_mirror_stays():
    make_world()
    with driver.connect() as connected:
        connected.execute_query("CREATE (:Mine {name: 'note'})")
    call_command("sync_graph", rebuild=True, quiet=True)
    assert count("(:Mine)") == 1


@pytest.mark.parametrize("at_once", [2000, 2])
def test_both_stores_give_the_same_snapshot_array_for_array(
    settings, monkeypatch, at_once
):
    monkeypatch.setattr(export, "PEOPLE", at_once)
    world = make_world()
    Video.objects.filter(pk=world.videos[2].pk).update(visibility="private")
    relay_all()
    watch(world.videos[0], user=world.people[3], fraction=0.7)  # waits in the outbox
    read = []
    relations = export.Export.relations
    monkeypatch.setattr(
        export.Export,
        "relations",
        lambda self, items: read.append(relations(self, items)) or read[-1],
    )
    ours = snapshot.take()
    assert read[0] is not None  # it was Neo4j that answered
    settings.NEO4J_URI = ""
    theirs = snapshot.take()
    assert len(read) == 1
    for name, array in vars(theirs).items():
        if name in ("taken_at", "texts", "user_texts"):
            continue
        columns = vars(array).items() if hasattr(array, "source") else [(name, array)]
        other = getattr(ours, name)
        for column, wanted in columns:
            found = getattr(other, column) if hasattr(array, "source") else other
            assert wanted.dtype == found.dtype
            np.testing.assert_array_equal(wanted, found, err_msg=f"{name}.{column}")
    assert ours.texts == theirs.texts
    assert ours.content_hash() == theirs.content_hash()
    assert len(ours.rated) == len(ours.inspired) == 5  # one person's video is private


def test_an_incomplete_mirror_is_not_trained_from():
    make_world()
    with export.opened() as mirror:
        assert mirror is None
    relay_all()
    with export.opened() as mirror:
        assert mirror is not None

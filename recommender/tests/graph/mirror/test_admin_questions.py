"""What docs/neo4j.md tells admins to ask can be asked."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.core.management.base import CommandError

from recommender.tests.graph.mirror.world import (
    make_world,
    needs_neo4j,
    relay_all,
    start_afresh,
)

pytestmark = needs_neo4j

PAGE = (project.BASE_DIR / "docs" / "neo4j.md").read_text()
QUESTIONS = re.findall(r"^```cypher\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def world(neo4j, transactional_db):
    start_afresh()
    world = make_world(people=3, videos=3)
    relay_all()
    return world


def answer(question: str) -> list[str]:
    said = StringIO()
    call_command("ask_graph", question, stdout=said)
    return said.getvalue().splitlines()


def test_every_ready_question_is_answered(world):
    assert len(QUESTIONS) >= 8
    one, other = world.people[:2]
    for question in QUESTIONS:
        asked = question.replace("'one'", f"'{one.username}'")
        asked = asked.replace("'other'", f"'{other.username}'")
        asked = asked.replace("'A title'", f"'{world.videos[0].title}'")
        lines = answer(asked)
        assert re.fullmatch(r"\w+(\t\w+)*", lines[0])


def test_answers_say_what_happened(world):
    most_watched = answer(QUESTIONS[0])
    assert {line.split("\t")[0] for line in most_watched[1:]} == {
        video.title for video in world.videos
    }
    path = next(question for question in QUESTIONS if "shortestPath" in question)
    one, other = (person.username for person in world.people[:2])
    found = answer(path.replace("'one'", f"'{one}'").replace("'other'", f"'{other}'"))
    assert one in found[1]
    assert other in found[1]


def test_nothing_can_be_written(world):
    with pytest.raises(CommandError, match="not allowed"):
        answer("MATCH (n) DETACH DELETE n")

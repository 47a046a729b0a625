"""Pages get an answer from Neo4j in time, or none."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest

from recommender.graph.mirror import driver
from recommender.graph.mirror.driver import GraphUnavailable


@pytest.fixture(autouse=True)
def _afresh():
    yield
    driver.close()


@pytest.fixture
def silent():
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"bolt://127.0.0.1:{server.getsockname()[1]}"


def seconds_until_unavailable() -> float:
    started = time.perf_counter()
    with pytest.raises(GraphUnavailable):
        driver.ask("RETURN 1")
    return time.perf_counter() - started


def test_without_neo4j_the_answer_is_that_there_is_none():
    with pytest.raises(GraphUnavailable, match="not configured"):
        driver.ask("RETURN 1")
    with pytest.raises(GraphUnavailable, match="not configured"):
        driver.connect()


def test_a_silent_server_costs_one_budget_however_often_it_is_asked(settings, silent):
    settings.NEO4J_URI, settings.NEO4J_PASSWORD = silent, "password"
    settings.NEO4J_PAGE_BUDGET = timedelta(seconds=0.6)
    budget = settings.NEO4J_PAGE_BUDGET.total_seconds()
    assert budget <= seconds_until_unavailable() < 2 * budget
    assert sum(seconds_until_unavailable() for _ in range(20)) < budget


def test_a_silent_server_is_left_alone_for_longer_and_longer(
    settings, silent, monkeypatch
):
    settings.NEO4J_URI, settings.NEO4J_PASSWORD = silent, "password"
    settings.NEO4J_PAGE_BUDGET = timedelta(milliseconds=20)
    now = 1000.0
    monkeypatch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: now))
    pauses = []
    for _ in range(6):
        with pytest.raises(GraphUnavailable):
            driver.ask("RETURN 1")
        [asker] = driver._askers.values()
        pauses.append(asker._retry_at - now)
        now = asker._retry_at
    assert pauses == [5, 10, 20, 40, 60, 60]


@pytest.mark.neo4j
def test_an_answer_ends_the_longer_and_longer_pauses(neo4j, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: now))
    pauses = []
    for cypher in ("nonsense", "nonsense", "RETURN 1", "nonsense"):
        with suppress(GraphUnavailable):
            driver.ask(cypher)
        [asker] = driver._askers.values()
        pauses.append(max(asker._retry_at - now, 0))
        now = max(asker._retry_at, now)
    assert pauses == [5, 10, 0, 5]


def test_a_server_that_is_not_there_is_left_alone_for_a_while(settings):
    settings.NEO4J_URI, settings.NEO4J_PASSWORD = "bolt://127.0.0.1:1", "password"
    seconds_until_unavailable()
    budget = settings.NEO4J_PAGE_BUDGET.total_seconds()
    assert seconds_until_unavailable() < budget


@pytest.mark.neo4j
def test_a_server_that_answers(neo4j):
    assert driver.ask("RETURN $x AS x, [1, 2] AS y", x=3) == [{"x": 3, "y": [1, 2]}]


@pytest.mark.neo4j
def test_pages_only_read(neo4j):
    with pytest.raises(GraphUnavailable, match="writ"):
        driver.ask("CREATE (:Nothing)")


@pytest.mark.neo4j
def test_a_query_that_takes_too_long_is_given_up(neo4j, settings):
    assert driver.ask("RETURN 1 AS x")
    settings.NEO4J_PAGE_BUDGET /= 100
    started = time.perf_counter()
    with pytest.raises(GraphUnavailable, match="No answer within 250 ms"):
        driver.ask("UNWIND range(1, 1000000000) AS x RETURN sum(x)")
    assert time.perf_counter() - started < 0.45


@pytest.mark.neo4j
def test_a_wrong_password_is_not_tried_again_soon(neo4j, settings):
    settings.NEO4J_PASSWORD = "wrong password"
    for _ in range(10):
        with pytest.raises(GraphUnavailable, match="Unauthorized"):
            driver.ask("RETURN 1")
    driver.close()
    settings.NEO4J_PASSWORD = neo4j.address.password
    assert driver.ask("RETURN 1 AS x") == [{"x": 1}]  # the account is not locked

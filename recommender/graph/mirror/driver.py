"""Connections to Neo4j, if `NEO4J_URI` is set.

Programs that write or export use `connect`. Pages use `ask`, which returns within
`NEO4J_PAGE_BUDGET` or raises `GraphUnavailable`. After a failure it raises at once for
a pause that doubles with each further failure, so that a server that hangs costs a page
one budget at most.

The driver takes a second to import, so it is imported when it is first needed.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
from concurrent.futures import TimeoutError as Late
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings

from recommender.graph.mirror.address import Address, address

if TYPE_CHECKING:
    from neo4j import AsyncDriver, Driver

logger = logging.getLogger(__name__)

Row = dict[str, Any]

PAUSE = timedelta(seconds=5)  # after a first failure, before pages try again
LONGEST_PAUSE = timedelta(minutes=1)  # after several in a row
# Three wrong passwords lock the account, by default for 5 s.
PAUSE_REFUSED = timedelta(minutes=10)
CONNECT_TIMEOUT = 5.0  # seconds


NOT_CONFIGURED = "Neo4j is not configured: set NEO4J_URI, or run `make neo4j`."


class GraphUnavailable(Exception):
    """Neo4j is not configured or does not answer in time; the message says which."""


def configured() -> bool:
    return address() is not None


def connect() -> Driver:
    """A driver that the caller must close. It connects when it is first used.

    Raises `GraphUnavailable` if Neo4j is not configured.
    """
    server = _address()
    from neo4j import GraphDatabase, NotificationMinimumSeverity

    return GraphDatabase.driver(
        server.uri,
        auth=(server.user, server.password),
        connection_timeout=CONNECT_TIMEOUT,
        connection_acquisition_timeout=2 * CONNECT_TIMEOUT,
        # Neo4j warns about labels without nodes, as in an empty graph.
        notifications_min_severity=NotificationMinimumSeverity.OFF,
    )


def ask(cypher: str, **parameters: Any) -> list[Row]:
    """The records of a read-only query as dictionaries, within the budget of a page.

    Raises `GraphUnavailable`.
    """
    return _asker(_address()).ask(cypher, parameters)


def _address() -> Address:
    server = address()
    if server is None:
        raise GraphUnavailable(NOT_CONFIGURED)
    return server


class _Asker:
    """One event loop and one pool of connections for all threads of a process.

    Unlike a thread, an asyncio task that waits for a silent server can be cancelled,
    which closes its connection. Connecting continues after a page has given up, so that
    the next page finds a connection.
    """

    def __init__(self, server: Address) -> None:
        self.uri, self.auth = server.uri, (server.user, server.password)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="neo4j", daemon=True
        )
        self._thread.start()
        self._driver: AsyncDriver | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._retry_at = 0.0
        self._failures = 0  # in a row
        self._reason = ""

    def ask(self, cypher: str, parameters: dict[str, Any]) -> list[Row]:
        if time.monotonic() < self._retry_at:
            raise GraphUnavailable(self._reason)
        budget = settings.NEO4J_PAGE_BUDGET.total_seconds()
        answer = asyncio.run_coroutine_threadsafe(
            self._answer(cypher, parameters, budget), self._loop
        )
        try:
            records = answer.result(budget)
        except Late:
            answer.cancel()
            reason, pause = f"No answer within {budget * 1000:.0f} ms.", PAUSE
        except Exception as error:
            reason, pause = f"{type(error).__name__}: {error}", pause_after(error)
        else:
            self._failures = 0
            return records
        self._pause(reason, pause)
        raise GraphUnavailable(reason)

    def _pause(self, reason: str, pause: timedelta) -> None:
        now = time.monotonic()
        if now < self._retry_at:
            return  # a concurrent request has already recorded this failure
        if pause < LONGEST_PAUSE:
            pause = min(pause * 2 ** min(self._failures, 10), LONGEST_PAUSE)
        self._failures += 1
        self._reason, self._retry_at = reason, now + pause.total_seconds()
        logger.warning("Pages do without Neo4j for %s: %s", pause, reason)

    async def _answer(
        self, cypher: str, parameters: dict[str, Any], budget: float
    ) -> list[Row]:
        if self._connecting is None or _failed(self._connecting):
            self._connecting = self._loop.create_task(self._connect())
        await asyncio.shield(self._connecting)
        from neo4j import READ_ACCESS, Query

        assert self._driver is not None
        async with self._driver.session(default_access_mode=READ_ACCESS) as session:
            # The server stops the query as well.
            result = await session.run(Query(cypher, timeout=budget), parameters)
            return [record.data() async for record in result]

    async def _connect(self) -> None:
        from neo4j import AsyncGraphDatabase, NotificationMinimumSeverity

        if self._driver is None:
            self._driver = AsyncGraphDatabase.driver(
                self.uri,
                auth=self.auth,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
            )
        await asyncio.wait_for(self._driver.verify_connectivity(), CONNECT_TIMEOUT)

    def close(self) -> None:
        with suppress(Late):
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(
                CONNECT_TIMEOUT
            )
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CONNECT_TIMEOUT)
        self._loop.close()

    async def _close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._driver is not None:
            await self._driver.close()


def _failed(task: asyncio.Task[None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def pause_after(error: Exception) -> timedelta:
    """How long to wait after `error` before trying again."""
    from neo4j.exceptions import Neo4jError

    code = error.code if isinstance(error, Neo4jError) else None
    refused = (code or "").startswith("Neo.ClientError.Security.")
    return PAUSE_REFUSED if refused else PAUSE


_askers: dict[tuple[int, Address], _Asker] = {}
_starting = threading.Lock()


def _asker(server: Address) -> _Asker:
    """The asker of this process; a forked process needs a thread of its own."""
    key = (os.getpid(), server)
    with _starting:
        if key not in _askers:
            _askers[key] = _Asker(server)
        return _askers[key]


@atexit.register
def close() -> None:
    """Close this process's connections for pages; the next `ask` opens new ones."""
    for key in [key for key in _askers if key[0] == os.getpid()]:
        _askers.pop(key).close()

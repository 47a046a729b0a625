"""Measures the scenarios on one site."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from benchmarks.serving import queries, wrk
from benchmarks.serving.clients import log_in, with_cookie
from benchmarks.serving.platform import Platform, running
from benchmarks.serving.scenarios import Crowd, Scenario, all_scenarios
from benchmarks.serving.usage import Memory
from benchmarks.serving.wrk import Call, Load, Plan
from benchmarks.site.draws import Size, member_positions
from benchmarks.site.jobs import mark_daily_jobs_done
from benchmarks.site.named import NAMED

JOBS_TIMEOUT = 900.0  # seconds
QUIET_SECONDS, QUIET_TRIES = 0.25, 120
QUIET_SHARE = 0.2  # of a core


@dataclass(frozen=True)
class Row:
    """Milliseconds. `first` is the first request after a start of the platform; `web`
    and `postgres` are CPU time of a request."""

    name: str
    queries: int
    first: float
    alone: Load
    together: Load
    at_rate: Load | None
    web: float
    postgres: float


@dataclass(frozen=True)
class Measured:
    """`start` in seconds until the first page; memory of a web process before and after
    all scenarios."""

    size: Size
    plan: Plan
    rows: list[Row]
    start: float
    memory_before: Memory
    memory_after: Memory

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    size: Size,
    plan: Plan,
    *,
    port: int,
    members: int,
    only: Sequence[str],
    say: Callable[[str], None],
) -> Measured:
    """Start the platform on the site of this process, and measure it.

    `only` selects scenarios whose name has one of these parts.
    """
    mark_daily_jobs_done()
    with running(port) as platform:
        _await_jobs()
        say(f"  the platform runs after {platform.start_seconds:.1f} s")
        crowd = _log_in(platform, size, members)
        scenarios = all_scenarios(platform, crowd, size.seed)
        chosen = [s for s in scenarios if _is_wanted(s, only)]
    # A new start: what is measured first has cold caches in the processes.
    with running(port) as platform:
        first = [_first(platform, scenario) for scenario in chosen]
        before = platform.processes.memory()
        rows = []
        for scenario, seconds in zip(chosen, first, strict=True):
            rows.append(_row(platform, scenario, seconds, plan))
            say(f"  {_line(rows[-1])}")
        after = platform.processes.memory()
    return Measured(size, plan, rows, platform.start_seconds, before, after)


def _is_wanted(scenario: Scenario, only: Sequence[str]) -> bool:
    return not only or any(part.lower() in scenario.name.lower() for part in only)


def _await_jobs() -> None:
    """Wait until the worker has done what is queued."""
    unfinished = [TaskResultStatus.READY, TaskResultStatus.RUNNING]
    deadline = time.monotonic() + JOBS_TIMEOUT
    time.sleep(6)  # the worker enqueues due jobs every 5 s
    while time.monotonic() < deadline:
        if not DBTaskResult.objects.filter(status__in=unfinished).exists():
            return
        time.sleep(2)


def _log_in(platform: Platform, size: Size, members: int) -> Crowd:
    names = [f"viewer_{n}" for n in member_positions(size)[:members]]
    return Crowd(
        named=[
            with_cookie(log_in(platform, person.username, number=n))
            for n, person in enumerate(NAMED)
        ],
        members=[
            log_in(platform, name, number=len(NAMED) + n)
            for n, name in enumerate(names)
        ],
    )


def _first(platform: Platform, scenario: Scenario) -> float:
    """Milliseconds of the first request. Later ones are sent once, to see that they
    are answered."""
    seconds = [platform.ask(_unique(call)).seconds for call in scenario.calls[:5]]
    return 1000 * seconds[0]


def _unique(call: Call) -> Call:
    body = call.body
    while "UUID" in body:
        body = body.replace("UUID", str(uuid4()), 1)
    headers = {**call.headers, "X-Forwarded-For": f"10.8.0.{uuid4().int % 250}"}
    return Call(call.path, call.method, headers, body)


def _row(platform: Platform, scenario: Scenario, first: float, plan: Plan) -> Row:
    address, calls = platform.address, scenario.calls
    _await_quiet(platform)
    alone = wrk.closed(address, calls, callers=1, seconds=plan.seconds)
    before = platform.processes.cpu()
    together = wrk.closed(address, calls, callers=plan.callers, seconds=plan.seconds)
    used = platform.processes.cpu() - before
    at_rate = None
    _await_quiet(platform)
    if scenario.at_rate:
        at_rate = wrk.at_rate(address, calls, rate=plan.rate, seconds=plan.seconds)
    return Row(
        name=scenario.name,
        queries=queries.count([_unique(call) for call in calls]),
        first=first,
        alone=alone,
        together=together,
        at_rate=at_rate,
        web=1000 * used.web / together.requests,
        postgres=1000 * used.postgres / together.requests,
    )


def _await_quiet(platform: Platform) -> None:
    """Wait until the platform has answered what callers no longer wait for."""
    for _ in range(QUIET_TRIES):
        before = platform.processes.cpu()
        time.sleep(QUIET_SECONDS)
        used = platform.processes.cpu() - before
        if used.web + used.postgres < QUIET_SHARE * QUIET_SECONDS:
            return


def _line(row: Row) -> str:
    return (
        f"{row.name}: {row.queries} queries, alone {row.alone.p50:.1f} ms, together "
        f"{row.together.rate:.1f}/s, CPU {row.web:.1f} + {row.postgres:.1f} ms"
    )

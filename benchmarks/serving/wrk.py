"""Load by `wrk`, which Debian packages: https://github.com/wg/wrk."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

CALLERS_AT_A_RATE = 25
PATIENCE = 6  # times as long, if no request was answered
BROKEN = 0.01  # share of requests whose connection may break

# `delay` spreads the requests of each caller around the mean pause, so that together
# they keep the rate. Every request comes from another address, as far as a proxy tells.
SCRIPT = """
local requests = { %(requests)s }
local pause, number, starting = %(pause)d, 0, %(callers)d

function setup(thread)
  thread:set("first", math.floor(os.time() %% 1000))
end

function init(args)
  math.randomseed(os.time() + first)
  number = math.random(#requests)
end

local function hex(length)
  local digits = {}
  for n = 1, length do digits[n] = string.format("%%x", math.random(0, 15)) end
  return table.concat(digits)
end

local function uuid()
  return hex(8) .. "-" .. hex(4) .. "-4" .. hex(3) .. "-8" .. hex(3) .. "-" .. hex(12)
end

function delay()
  if starting > 0 then
    starting = starting - 1
    return math.random(0, pause)
  end
  return math.random(math.floor(pause / 2), math.floor(pause * 3 / 2))
end
if pause == 0 then delay = nil end

function request()
  number = number %% #requests + 1
  local r = requests[number]
  local body = r.body and r.body:gsub("UUID", uuid)
  r.headers["X-Forwarded-For"] = string.format(
    "10.%%d.%%d.%%d", math.random(0, 255), math.random(0, 255), math.random(1, 254))
  return wrk.format(r.method, r.path, r.headers, body)
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests": %%d, "microseconds": %%d, "refused": %%d, "broken": %%d,' ..
    ' "p50": %%d, "p90": %%d, "p99": %%d}\\n', summary.requests, summary.duration,
    e.status, e.connect + e.read + e.write + e.timeout, latency:percentile(50),
    latency:percentile(90), latency:percentile(99)))
end
"""


class NoWrk(Exception):
    """`wrk` is not installed; the message says how to install it."""


class LoadFailed(Exception):
    """The server refused requests; the message says how many."""


class _NoneDone(Exception):
    """No request was answered in time."""


@dataclass(frozen=True)
class Call:
    """A request; each `UUID` in the body becomes another one every time."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Plan:
    """`callers` who send at once, and the `rate` of requests a second; each for
    `seconds`."""

    callers: int
    rate: float
    seconds: float


@dataclass(frozen=True)
class Load:
    """Times in milliseconds; `rate` in requests a second."""

    requests: int
    rate: float
    p50: float
    p90: float
    p99: float


def require() -> str:
    """The path of `wrk`; raises `NoWrk`."""
    path = shutil.which("wrk")
    if path is None:
        raise NoWrk(
            "This benchmark needs wrk. Install it: apt-get install wrk (Debian, "
            "Ubuntu), or brew install wrk (macOS)."
        )
    return path


def closed(
    address: str, calls: Sequence[Call], *, callers: int, seconds: float
) -> Load:
    """Each caller sends the next request when it has the response.

    Raises `LoadFailed` if a request had no good response; so does `at_rate`.
    """
    return _patiently(address, calls, callers=callers, seconds=seconds, pause=0)


def at_rate(
    address: str, calls: Sequence[Call], *, rate: float, seconds: float
) -> Load:
    """Callers who pause, so that together they send `rate` requests a second."""
    callers = min(CALLERS_AT_A_RATE, max(1, int(rate)))
    pause = int(1000 * callers / rate)
    return _patiently(address, calls, callers=callers, seconds=seconds, pause=pause)


def _patiently(
    address: str, calls: Sequence[Call], *, callers: int, seconds: float, pause: int
) -> Load:
    for tried in (seconds, PATIENCE * seconds):
        with suppress(_NoneDone):
            return _run(address, calls, callers=callers, seconds=tried, pause=pause)
    raise LoadFailed(f"No request was answered in {PATIENCE * seconds:g} s.")


def _run(
    address: str, calls: Sequence[Call], *, callers: int, seconds: float, pause: int
) -> Load:
    requests = ",\n".join(map(_in_lua, calls))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        values = {"requests": requests, "pause": pause, "callers": callers}
        script.write(SCRIPT % values)
        script.flush()
        done = subprocess.run(
            [
                *(require(), "-t", "1", "-c", str(callers)),
                *("-d", f"{max(1, round(seconds))}s", "--timeout", "30s"),
                *("-s", script.name, address),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    line = next((x for x in done.stdout.splitlines() if x.startswith("RESULT ")), "")
    if not line:
        raise LoadFailed(f"wrk failed: {done.stdout.strip()}")
    return _parse(json.loads(line.removeprefix("RESULT ")))


def _parse(result: Mapping[str, int]) -> Load:
    if not (result["requests"] or result["broken"]):
        raise _NoneDone
    # Servers close connections that pause for long; callers then connect again.
    many_broken = result["broken"] > result["requests"] * BROKEN
    if result["refused"] or many_broken:
        raise LoadFailed(
            f"{result['refused']} of {result['requests']} requests were refused, "
            f"{result['broken']} connections broke."
        )
    return Load(
        requests=result["requests"],
        rate=result["requests"] / result["microseconds"] * 1e6,
        p50=result["p50"] / 1000,
        p90=result["p90"] / 1000,
        p99=result["p99"] / 1000,
    )


def _in_lua(call: Call) -> str:
    headers = ", ".join(f"[{_quote(k)}]={_quote(v)}" for k, v in call.headers.items())
    body = f", body={_quote(call.body)}" if call.body else ""
    return (
        f"{{method={_quote(call.method)}, path={_quote(call.path)},"
        f" headers={{{headers}}}{body}}}"
    )


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)

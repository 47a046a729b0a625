"""No address and no operation answers a hostile request with a 500, or hangs.

`make test` sends every `STRIDE`-th request to one address of each shape, the slow test
every `CRAWL_STRIDE`-th to all addresses. All of them take an hour:
`CRAWL_STRIDE=1 .venv/bin/pytest -m slow config/tests/crawl`.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain, islice
from time import perf_counter

import pytest
from django.core.cache import cache, caches
from django.db import transaction
from django.test import Client

from config.tests.crawl import requests
from config.tests.crawl.addresses import Address, addresses, values_of
from config.tests.crawl.requests import Hostile
from config.tests.crawl.world import PEOPLE, World, make_world

pytestmark = pytest.mark.django_db

# Primes: in time, every kind of value meets every kind of address.
STRIDE = 2503
CRAWL_STRIDE = int(os.environ.get("CRAWL_STRIDE", "211"))
LIMIT = 20.0  # seconds for a request, on a machine that runs other tests too


@pytest.fixture
def world(settings) -> World:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": dict.fromkeys(
            settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], None
        )
    }
    settings.ACCOUNT_RATE_LIMITS = False
    settings.CATALOGUE_MAX_AGE = timedelta(minutes=10)
    cache.clear()
    return make_world()


@pytest.mark.parametrize("who", PEOPLE)
def test_hostile_requests(world: World, who: str) -> None:
    asked = addresses()
    crawl(world, who, list({shape(each): each for each in asked}.values()), STRIDE)


@pytest.mark.slow
@pytest.mark.parametrize("who", PEOPLE)
def test_hostile_requests_to_all_addresses(world: World, who: str) -> None:
    crawl(world, who, addresses(), CRAWL_STRIDE)


def shape(address: Address) -> str:
    """Equal for the pages that Django's admin makes of each model."""
    return re.sub(r"^/admin/(?!recommender)\w+/\w+/", "/admin/*/*/", address.template)


def crawl(world: World, who: str, asked: list[Address], stride: int) -> None:
    client, token = world.client(who), world.token(who)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
    operations = requests.in_operations(world.arguments)
    to_pages = to_addresses(world, who, asked, client)
    faults = [
        *faults_of(client, islice(to_pages, 0, None, stride)),
        *faults_of(client, islice(operations, 0, None, stride), **bearer),
    ]
    if who == "nobody":
        services = requests.to_services(world.arguments, *world.service_client)
        faults += faults_of(client, islice(services, 0, None, stride))
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:40]])


def to_addresses(
    world: World, who: str, asked: list[Address], client: Client
) -> Iterator[Hostile]:
    shapes = set()
    for address in asked:
        if address.is_admin and who != "staff":  # a log-in, whatever is asked
            path = address.fill(values_of(address, world.arguments))
            yield Hostile("nothing", "GET", path)
            continue
        yield from chain(
            requests.in_path(address, world.arguments),
            requests.in_query(address, world.arguments, client),
            requests.in_form(address, world.arguments, client),
        )
        if shape(address) not in shapes:
            shapes.add(shape(address))
            yield from requests.in_headers(address, world.arguments)


def faults_of(client: Client, sent: Iterable[Hostile], **meta: str) -> Iterator[str]:
    """What went wrong; each request finds the site as the one before did."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    for request in sent:
        caches["throttles"].clear()
        started = perf_counter()
        fault = fault_of(client, request, **meta)
        if perf_counter() - started > LIMIT:
            fault = f"it took {perf_counter() - started:.0f} s"
        if fault:
            yield f"{request.method} {request.path[:80]} ({request.what}): {fault}"
        client.cookies.clear()
        client.cookies.load(cookies)


def fault_of(client: Client, request: Hostile, **meta: str) -> str:
    try:
        with transaction.atomic():
            status = request.send(client, **meta).status_code
            transaction.set_rollback(True)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{error!r:.200} ({where.filename}:{where.lineno})"
    return f"status {status}" if status >= 500 else ""

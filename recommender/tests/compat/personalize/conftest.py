from __future__ import annotations

import pytest

from recommender.tests.compat.personalize.aws import aws, make_caller


@pytest.fixture
def caller():
    return make_caller()


@pytest.fixture
def runtime(caller):
    client, secret = caller
    return aws("runtime", client.client_id, secret)


@pytest.fixture
def events(caller):
    client, secret = caller
    return aws("events", client.client_id, secret)

"""Requests made from the schema, by the hundred, as everyone: no answer contradicts it.

Every check of schemathesis is on. `RULES` names the operations that may refuse what is
valid by the schema, each with the rule that no schema can express. Requests are the
same in every run.
"""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import schemathesis
from django.core.cache import cache, caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from accounts.tests.api import token_of
from accounts.tests.factories import make_user
from interactions.tests.factories import make_comment, watch
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db

EXAMPLES = 4  # of each operation and person, beside those at the bounds
# Refused with a 400 though the schema is kept: what was sent has to be true, too.
RULES = {
    "auth_signup_create": "a password that is not common, a name that is not reserved",
    "auth_login_create": "the right password",
    "auth_login_code_create": "the right code",
    "auth_password_create": "the right password, and a new one that is not common",
    "auth_password_reset_key_create": "a key that was sent",
    "auth_email_verification_create": "a key that was sent",
    "auth_email_create": "an address that is not yet one's own",
    "auth_reauthentication_create": "the right password",
    "auth_authenticators_totp_create": "the right code",
    "auth_authenticators_recovery_codes_create": "an authenticator",
    "me_deletion_create": "the right password",
    "me_partial_update": "an address that a host can have",
    "me_interests_update": "parent categories that there are",
    "me_picture_update": "a picture",
    "me_banner_update": "a picture",
    "videos_create": "a video file, and categories that there are",
    "videos_partial_update": "a title of more than blanks, categories that there are",
    "videos_thumbnail_update": "a picture",
    "videos_comments_create": "more than blanks",
    "users_follow_update": "somebody else",
    "feeds_home_list": "a strategy of which there is a run",
    "feeds_following_list": "as above",
    "feeds_trending_list": "as above",
    "feeds_category_list": "as above",
    "feeds_mood_list": "as above",
    "feeds_related_list": "as above",
}
# What any operation may answer to what is valid, and to what is not.
USUAL = ["2xx", 304, 401, 403, 404, 409, 412]
REFUSALS = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422]


RAW = json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str)


def _schema(**options):
    config = SchemathesisConfig.from_dict(
        {
            # Whose the token is, the test says.
            "generation": {"with-security-parameters": False},
            **options,
            "checks": {
                "positive_data_acceptance": {"expected-statuses": USUAL},
                "negative_data_rejection": {"expected-statuses": REFUSALS},
            },
            "operations": [
                {
                    "include-operation-id": list(RULES),
                    "checks": {
                        "positive_data_acceptance": {"expected-statuses": [*USUAL, 400]}
                    },
                },
            ],
        }
    )
    schema = schemathesis.openapi.from_dict(json.loads(RAW), config=config)
    schema.app = get_wsgi_application()
    return schema


schema = _schema()
without_bounds = _schema(phases={"coverage": {"enabled": False}})


@pytest.fixture
def one_connection():
    """The test's own: it would be ended with every request, transaction and all.

    Django's test client keeps it in the same way.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(settings, one_connection):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": dict.fromkeys(
            settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], None
        )
    }
    settings.ALLOWED_HOSTS = ["*"]
    settings.ACCOUNT_RATE_LIMITS = False
    cache.clear()
    owner, stranger = make_user(username="owner"), make_user()
    category = make_category()
    video = make_video(creator=owner, categories=[category])
    watch(video, user=owner)
    comment = make_comment(video=video, user=owner)
    return SimpleNamespace(
        tokens={
            "anonymous": None,
            "stranger": token_of(stranger),
            "owner": token_of(owner),
        },
        things={
            "video_id": video.video_id,
            "username": owner.username,
            "slug": category.slug,
            "mood": "funny",
            "comment_id": comment.pk,
            "session_id": owner.usersession_set.get().pk,
        },
    )


def judged_elsewhere(case, response):
    """The check that a batch of events meets otherwise.

    It is taken in though some of it is not valid, and the answer tells of each.
    """
    if case.operation.definition.raw["operationId"] != "events_create":
        return []
    if response.status_code != 200 or case.method != "POST":
        return []
    results = response.json()["results"]
    rejected = [each for each in results if each["status"] == "rejected"]
    return [negative_data_rejection] if rejected else []


def check(world, who, case):
    """Send the request and check the response against the schema."""
    if case.meta is None or case.meta.generation.mode == GenerationMode.POSITIVE:
        for name in case.path_parameters:
            case.path_parameters[name] = world.things[name]
    token = world.tokens[who]
    headers = {"Accept-Encoding": "identity"}  # the test client unpacks nothing
    if token:
        headers["Authorization"] = f"Bearer {token}"
    caches["throttles"].clear()
    with transaction.atomic():
        response = case.call(headers=headers)
        case.validate_response(
            response,
            headers=headers,
            excluded_checks=judged_elsewhere(case, response),
        )
        transaction.set_rollback(True)


OPTIONS = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
}


@without_bounds.parametrize()
@settings(max_examples=EXAMPLES, **OPTIONS)
def test_each_operation_keeps_the_schema(world, case):
    check(world, "owner", case)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["anonymous", "stranger", "owner"])
@schema.parametrize()
@settings(max_examples=EXAMPLES, **OPTIONS)
def test_the_schema_is_true(world, who, case):
    check(world, who, case)


def test_the_rules_are_of_operations_that_there_are():
    operations = [each.ok().definition.raw for each in schema.get_all_operations()]
    assert set(RULES) <= {each["operationId"] for each in operations}

"""Requests made from the schema, by the hundred, as everyone: no answer contradicts it.

Every check of schemathesis is on. What a valid request may be refused for beyond 401,
403, 404 and 409 stands in `RULES`, with the rule that no schema can express.
"""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import schemathesis
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from accounts.tests.api import token_of
from accounts.tests.factories import make_user
from interactions.tests.factories import make_comment, watch
from videos.tests.factories import make_category, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

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
    "me_interests_update": "parent categories that there are",
    "me_picture_update": "a picture",
    "me_banner_update": "a picture",
    "videos_create": "a video file, and categories that there are",
    "videos_partial_update": "categories that there are",
    "videos_thumbnail_update": "a picture",
    "users_follow_update": "somebody else",
    "feeds_home_list": "a strategy of which there is a run",
    "feeds_following_list": "as above",
    "feeds_trending_list": "as above",
    "feeds_category_list": "as above",
    "feeds_related_list": "as above",
    "events_create": "not more than 120 batches a minute",
}
USUAL = ["2xx", 401, 403, 404, 409]


def _schema():
    config = SchemathesisConfig.from_dict(
        {
            "checks": {"positive_data_acceptance": {"expected-statuses": USUAL}},
            "operations": [
                {
                    "include-operation-id": list(RULES),
                    "checks": {
                        "positive_data_acceptance": {"expected-statuses": [*USUAL, 400]}
                    },
                }
            ],
        }
    )
    raw = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(
        json.loads(json.dumps(raw, default=str)), config=config
    )
    schema.app = get_wsgi_application()
    return schema


schema = _schema()


@pytest.fixture
def world(settings):
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
            "comment_id": comment.pk,
            "session_id": owner.usersession_set.get().pk,
        },
    )


@pytest.mark.parametrize("who", ["anonymous", "stranger", "owner"])
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_the_schema_is_true(world, who, case):
    if case.meta is None or case.meta.generation.mode == GenerationMode.POSITIVE:
        for name in case.path_parameters:
            case.path_parameters[name] = world.things[name]
    token = world.tokens[who]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with transaction.atomic():
        case.call_and_validate(headers=headers)
        transaction.set_rollback(True)


def test_the_rules_are_of_operations_that_there_are():
    operations = [each.ok().definition.raw for each in schema.get_all_operations()]
    assert set(RULES) <= {each["operationId"] for each in operations}

"""A web process serves every page without PyTorch, which takes seconds to import."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings as project
from django.db import connection

from accounts.tests.factories import make_user
from recommender.tests.planted import plant
from recommender.tests.training.test_pipeline import QUICK

pytestmark = pytest.mark.django_db(transaction=True)

# Requests every URL with GET, as an administrator, in this test's database.
PROGRAM = """
import json, re, sys
import django
django.setup()
from pathlib import Path
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import URLPattern, get_resolver

values = json.loads(sys.argv[1])
settings.ALLOWED_HOSTS = ["testserver"]
settings.ARTIFACTS_DIR = Path(values["artifacts"])
connections["default"].settings_dict["NAME"] = values["database"]

from accounts.models import User

def routes(patterns, prefix=""):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern.url_patterns, route)

def value(route, name):
    if name == "object_id" and not route.startswith("admin/r/"):
        app, model = route.split("/")[1:3]
        return apps.get_model(app, model).objects.values_list("pk", flat=True).first()
    return values.get(name)

def path(route):
    names = re.findall(r"<(?:[a-z]+:)?([a-z_]+)>", route)
    found = {name: value(route, name) for name in names}
    if None in found.values() or "(" in route:
        return None
    return "/" + re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda m: str(found[m[1]]), route)

client = Client()
client.force_login(User.objects.get(is_superuser=True))
served, failed = 0, []
for route in routes(get_resolver().url_patterns):
    address = path(route)
    if address is not None and "logout" not in address:
        status = client.get(address).status_code
        served += status == 200
        if status >= 500:
            failed.append(address)

from recommender.registry import serving
print(json.dumps({
    "served": served,
    "failed": failed,
    "model": serving.active_model().manifest.model,
    "imported": [name for name in ("torch", "lightgbm") if name in sys.modules],
}))
"""


def test_a_process_that_served_every_page_has_not_imported_torch(
    settings, trained_runs
):
    world = plant()
    trained_runs.activate("graphsage", QUICK)
    make_user(is_superuser=True, is_staff=True)
    video = world.videos[0][0]
    values = {
        "database": connection.settings_dict["NAME"],
        "artifacts": str(settings.ARTIFACTS_DIR),
        "video_id": video.video_id,
        "username": video.creator.username,
        "slug": video.categories.first().slug,
        "mood": "calm",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(values)],
        capture_output=True,
        text=True,
        cwd=project.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["failed"] == []
    assert report["served"] > 100
    assert report["model"] == "graphsage"
    assert report["imported"] == []

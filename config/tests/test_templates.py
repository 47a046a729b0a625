"""Templates, read as files: a mistake in a rare one shows before a visitor does."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

ROOT = settings.BASE_DIR / "templates"
NAMES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))
ICONS = set(
    re.findall(r'<symbol id="([\w-]+)"', Path(finders.find("icons.svg")).read_text())
)


def source(name: str) -> str:
    return Path(ROOT, name).read_text()


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles(name):
    get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_icons_that_are_named_exist(name):
    text = source(name)
    named = re.findall(r'icon\.html" with name="([\w-]+)"', text)
    named += re.findall(r'\b(?:empty_)?icon="([\w-]+)"', text)
    named += re.findall(r"icons\.svg' %}#([\w-]+)", text)
    assert set(named) <= ICONS


@pytest.mark.parametrize("name", NAMES)
def test_static_files_that_are_named_exist(name):
    for path in re.findall(r"""{% static ['"]([^'"]+)['"] %}""", source(name)):
        assert finders.find(path), path


# A file to be sent on: everything is in it, and no installation serves it.
SELF_CONTAINED = {"recommender/report.html"}


@pytest.mark.parametrize("name", sorted(set(NAMES) - SELF_CONTAINED))
def test_no_inline_script_or_style(name):
    """The content security policy forbids them."""
    text = source(name)
    assert not re.search(r"<script(?![^>]*(\bsrc=|importmap|application/json))", text)
    assert not re.search(r"""\s(on\w+|style|hx-on[\w:-]*)=["']|<style""", text)


def test_scripts_import_files_that_exist():
    folder = settings.BASE_DIR / "static/js"
    for script in folder.glob("*.js"):
        for path in re.findall(r'from "(\./[^"]+)"', script.read_text()):
            assert (folder / path).is_file(), f"{script.name}: {path}"

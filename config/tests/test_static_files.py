"""Static files under hashed names, which browsers keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.staticfiles.finders import get_finders

from config import static_files, stylesheet
from config.static_files import HashedStaticFiles, UsedFilesFinder

TEMPLATES = project.BASE_DIR / "templates"
NAMED = re.compile(r"""{% static ['"]([^'"]+)['"] %}""")


def listed() -> set[str]:
    return {
        f"{prefix}/{path}" if (prefix := getattr(storage, "prefix", "")) else path
        for finder in get_finders()
        for path, storage in finder.list(static_files.UNUSED)
    }


def test_what_pages_use_is_served_and_no_more_of_the_packages() -> None:
    files = listed()
    for template in TEMPLATES.rglob("*.html"):
        assert set(NAMED.findall(template.read_text())) <= files, template
    packages = {path for path in files if path.startswith("vendor/")}
    assert 10 < len(packages) < 25
    assert UsedFilesFinder().find("vendor/vega/vega.min.js")


def test_every_stylesheet_is_in_that_of_the_site_or_named_by_a_page() -> None:
    named = {
        name.removeprefix("css/").removesuffix(".css")
        for template in TEMPLATES.rglob("*.html")
        for name in NAMED.findall(template.read_text())
    }
    alone = {"admin", "report"}  # named in Python
    for path in stylesheet.CSS.glob("*.css"):
        assert path.stem in named | alone | set(stylesheet.PARTS), path
    text = stylesheet.stylesheet()
    for part in stylesheet.PARTS:
        assert (stylesheet.CSS / f"{part}.css").read_text() in text
    for font in re.findall(r"url\(\.\./([^)]+)\)", text):
        assert font in listed()


@pytest.fixture
def collected(settings, tmp_path: Path) -> Path:
    """A small site's files, collected."""
    source = tmp_path / "source" / "js"
    source.mkdir(parents=True)
    (source / "app.js").write_text('import { play } from "./player.js";\nplay();\n')
    (source / "player.js").write_text("export function play() {}\n" * 50)
    settings.VAR_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    settings.STATICFILES_DIRS = [tmp_path / "source"]
    settings.STATICFILES_FINDERS = ["config.static_files.UsedFilesFinder"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "config.static_files.HashedStaticFiles"}
    }
    get_finders_anew()
    assert HashedStaticFiles().url("js/app.js") == "/static/js/app.js"
    static_files.collect()
    yield tmp_path
    get_finders_anew()


def get_finders_anew() -> None:
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()


def test_names_and_imports_change_with_the_content(collected: Path) -> None:
    first = HashedStaticFiles().url("js/app.js")
    assert re.fullmatch(r"/static/js/app\.[0-9a-f]{12}\.js", first)
    script = (collected / first.removeprefix("/")).read_text()
    assert re.search(r'from "\./player\.[0-9a-f]{12}\.js"', script)
    assert list((collected / "static").rglob("player.*.js.gz"))

    manifest = collected / "static" / "staticfiles.json"
    made = manifest.stat().st_mtime_ns
    static_files.collect()  # nothing has changed
    assert manifest.stat().st_mtime_ns == made

    (collected / "source" / "js" / "player.js").write_text("export const play = 1;\n")
    static_files.collect()
    assert HashedStaticFiles().url("js/app.js") != first
    assert not (collected / first.removeprefix("/")).exists()

"""The addresses of the resolver, with the parts that a client chooses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

# A named part: <int:pk> of a path, (?P<key>...) of a regular expression.
PART = re.compile(
    r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:\\.|\[[^\]]*\]|\([^)]*\)|[^()\[\]])*\)"
)


@dataclass(frozen=True)
class Address:
    """A route, with `{name}` for each of its parts."""

    template: str

    @property
    def parts(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.template)

    @property
    def is_admin(self) -> bool:
        return self.template.startswith("/admin/")

    def fill(self, values: dict[str, str]) -> str:
        """The path; lone surrogates become the three bytes that stand for them."""
        path = self.template
        for part in self.parts:
            raw = values.get(part, "1").encode("utf-8", "surrogatepass")
            path = path.replace(f"{{{part}}}", quote(raw))
        return path


def addresses() -> list[Address]:
    return list(_walk(get_resolver(), "/"))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        text = str(pattern.pattern).removeprefix("^")
        route = prefix + text.removesuffix("$").removesuffix(r"\Z")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield Address(PART.sub(lambda m: f"{{{m[1] or m[2]}}}", route))


def model_admin_of(address: Address) -> admin.ModelAdmin | None:
    for model, model_admin in admin.site._registry.items():
        root = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        if address.template.startswith(root):
            return model_admin
    return None


def values_of(address: Address, arguments: dict[str, str]) -> dict[str, str]:
    """Values of what there is; in the admin, the key of a row of the model."""
    model_admin = model_admin_of(address)
    row = model_admin and model_admin.model._default_manager.order_by("pk").first()
    key = str(row.pk) if row else "1"
    values = arguments | {"object_id": key}
    return values | {"key": key} if model_admin else values


def filters_of(address: Address) -> list[str]:
    """Query parameters of a list of the admin, and one that it must refuse."""
    model_admin = model_admin_of(address)
    if model_admin is None:
        return []
    fields = {f for f in model_admin.list_filter if isinstance(f, str)}
    fields |= {"pk", *filter(None, [model_admin.date_hierarchy])}
    lookups = ("exact", "in", "gte", "isnull", "year", "month", "day")
    return [
        *("q", "p", "all", "o", "e", "_popup", "_to_field", "_facets"),
        *("_changelist_filters", "user__password__startswith"),
        *(f"{field}__{lookup}" for field in sorted(fields) for lookup in lookups),
    ]

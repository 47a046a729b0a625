"""Hostile requests to an address or an operation, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, product
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.utils.datastructures import MultiValueDict
from drf_spectacular.generators import SchemaGenerator

from config.tests.crawl import values
from config.tests.crawl.addresses import Address, filters_of, values_of
from recommender.compat.legacy_feed import AllPostsQuery, FeedQuery

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
MP4 = b"\0\0\0\x18ftypmp42"


@dataclass(frozen=True)
class Hostile:
    """A request, and `what` is hostile in it."""

    what: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)

    def send(self, client: Client, **meta: str) -> Any:
        response = client.generic(
            self.method,
            self.path,
            self.body,
            self.content_type,
            **{"QUERY_STRING": self.query, **meta, **self.meta},
        )
        if response.streaming:
            b"".join(response.streaming_content)
        return response


def in_path(address: Address, arguments: dict[str, str]) -> Iterator[Hostile]:
    known = values_of(address, arguments)
    for method in values.METHODS:
        yield Hostile("nothing", method, address.fill(known))
    for part in address.parts:
        for name, text in (values.TEXTS | {"long": "x" * 9000}).items():
            path = address.fill(known | {part: text})
            for method in ("GET", "POST"):
                yield Hostile(f"{part}: {name}", method, path)


def in_query(
    address: Address, arguments: dict[str, str], client: Client
) -> Iterator[Hostile]:
    path = address.fill(values_of(address, arguments))
    names = {"cursor", "next", *filters_of(address), *_schema_parameters(address)}
    with names_read() as read:
        Hostile("nothing", "GET", path).send(client)
    for parameter in sorted(names | read):
        for name, text in values.TEXTS.items():
            query = f"{_quoted(parameter)}={_quoted(text)}"
            yield Hostile(f"?{parameter}: {name}", "GET", path, query)
    for name, text in values.TEXTS.items():
        yield Hostile(f"?: {name}", "GET", path, f"{_quoted(text)}=1")
    for raw in values.QUERIES:
        yield Hostile(f"?{raw[:20]}", "GET", path, raw)


def in_form(
    address: Address, arguments: dict[str, str], client: Client
) -> Iterator[Hostile]:
    path = address.fill(values_of(address, arguments))
    with names_read() as names:
        _post_nothing(path, client)
    for one in sorted(names):
        for name, text in (values.TEXTS | values.LONG_TEXTS).items():
            body = f"{_quoted(one)}={_quoted(text)}".encode()
            yield Hostile(f"{one}: {name}", "POST", path, "", body, FORM)
    for name, text in values.TEXTS.items():
        body = "&".join(f"{_quoted(n)}={_quoted(text)}" for n in sorted(names))
        yield Hostile(f"all: {name}", "POST", path, "", body.encode(), FORM)
    for name, kind in values.CONTENT_TYPES.items():
        body = b"--x\r\na=1&b=\xff%ff\r\n"
        yield Hostile(f"type: {name}", "POST", path, "", body, kind)
    yield from _files("POST", path, ["file", *sorted(names)])


def in_headers(address: Address, arguments: dict[str, str]) -> Iterator[Hostile]:
    path = address.fill(values_of(address, arguments))
    for name, texts in values.HEADERS.items():
        for text in texts:
            for method in ("GET", "POST"):
                meta = {name: text}
                yield Hostile(f"{name}: {text[:30]!r}", method, path, meta=meta)


def in_operations(arguments: dict[str, str]) -> Iterator[Hostile]:
    """Bodies to each operation of the schema: JSON, forms, and what is neither."""
    for template, methods in SCHEMA["paths"].items():
        path = template
        for name, value in arguments.items():
            path = path.replace(f"{{{name}}}", value)
        for method, operation in methods.items():
            yield from _bodies(method.upper(), path)
            content = operation.get("requestBody", {}).get("content", {})
            for kind, described in content.items():
                if kind == "application/json":
                    example = _example(described["schema"], arguments)
                    yield from _changed(method.upper(), path, example)
                if kind == "multipart/form-data":
                    names = list(_resolved(described["schema"])["properties"])
                    yield from _parts(method.upper(), path, names)
                    yield from _files(method.upper(), path, names)


def to_services(
    arguments: dict[str, str], client_id: str, secret: str
) -> Iterator[Hostile]:
    """Requests of a service client: of older systems, and signed as AWS's are."""
    known = {"username": arguments["username"]}
    for path, query in (("/feed", FeedQuery()), ("/posts/all", AllPostsQuery())):
        for name, (what, text) in product(query.fields, values.TEXTS.items()):
            parameters = urlencode(known | {name: text}, errors="surrogatepass")
            meta = {"HTTP_FLIC_TOKEN": secret}
            yield Hostile(f"?{name}: {what}", "GET", path, parameters, meta=meta)
    for operation, example in values.PERSONALIZE.items():
        path = f"/personalize/{operation}"
        for request in chain(_bodies("POST", path), _changed("POST", path, example)):
            yield replace(request, meta=_signature(request, client_id, secret))


def _signature(request: Hostile, client_id: str, secret: str) -> dict[str, str]:
    signed = AWSRequest(
        "POST", f"http://testserver{request.path}", {"Host": "testserver"}, request.body
    )
    credentials = Credentials(client_id, secret)
    SigV4Auth(credentials, "personalize", "us-east-1").add_auth(signed)
    return {
        "HTTP_HOST": "testserver",
        "HTTP_AUTHORIZATION": signed.headers["Authorization"],
        "HTTP_X_AMZ_DATE": signed.headers["X-Amz-Date"],
    }


def _post_nothing(path: str, client: Client) -> None:
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        Hostile("nothing", "POST", path, "", b"a=1", FORM).send(client)
        transaction.set_rollback(True)
    client.cookies.clear()  # it may have logged out
    client.cookies.load(cookies)


def _bodies(method: str, path: str) -> Iterator[Hostile]:
    for name, body in values.RAW_JSON.items():
        yield Hostile(f"JSON: {name}", method, path, "", body, "application/json")
    for name, kind in values.CONTENT_TYPES.items():
        yield Hostile(f"type: {name}", method, path, "", b'{"a": 1}', kind)


def _changed(method: str, path: str, example: Any) -> Iterator[Hostile]:
    """The example with one of its parts replaced."""
    for name, value in (values.JSON_VALUES | values.TEXTS).items():
        for part, body in _with(example, value):
            # The literal is no float that Python writes.
            text = json.dumps(body).replace("Infinity", "1e999")
            yield Hostile(
                f"{part}: {name}", method, path, "", text.encode(), "application/json"
            )


def _with(example: Any, value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    yield at, value
    if isinstance(example, dict):
        for key, inner in example.items():
            for part, changed in _with(inner, value, f"{at}.{key}"):
                yield part, example | {key: changed}
    elif isinstance(example, list) and example:
        for part, changed in _with(example[0], value, f"{at}[]"):
            yield part, [changed]


def _parts(method: str, path: str, names: list[str]) -> Iterator[Hostile]:
    for what, text in values.TEXTS.items():
        for name in names:
            body = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (
                name.encode(),
                text.encode("utf-8", "surrogatepass"),
            )
            yield Hostile(
                f"{name}: {what}", method, path, "", body + b"--x--\r\n", MULTIPART
            )


def _files(method: str, path: str, names: list[str]) -> Iterator[Hostile]:
    for what, file_name in values.FILE_NAMES.items():
        body = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n'
            b"Content-Type: \xff/\r\n\r\n%s\r\n"
            % (name.encode(), file_name.encode("utf-8", "surrogatepass"), MP4)
            for name in (names if len(file_name) < 1000 else names[:1])
        )
        yield Hostile(f"file: {what}", method, path, "", body + b"--x--\r\n", MULTIPART)


@cache
def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@contextmanager
def names_read() -> Iterator[set[str]]:
    """The names of parameters that are looked up while the context is open."""
    names: set[str] = set()

    def recording(original: Any) -> Any:
        def method(self: Any, key: Any, *rest: Any) -> Any:
            if isinstance(key, str) and len(key) < 100:
                names.add(key)
            return original(self, key, *rest)

        return method

    methods = {
        "__getitem__": MultiValueDict.__getitem__,
        "getlist": MultiValueDict.getlist,
        "__contains__": dict.__contains__,
    }
    for name, original in methods.items():
        setattr(QueryDict, name, recording(original))
    try:
        yield names
    finally:
        for name in methods:
            delattr(QueryDict, name)
        names.discard("a")


SCHEMA: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)


def _schema_parameters(address: Address) -> set[str]:
    operation = SCHEMA["paths"].get(address.template, {}).get("get", {})
    parameters = operation.get("parameters", [])
    return {each["name"] for each in parameters if each["in"] == "query"}


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(SCHEMA["components"]["schemas"][name])
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            return _resolved(schema[key][0])
    return schema


def _example(schema: dict[str, Any], arguments: dict[str, str]) -> Any:
    """A value that is valid by the schema, or nearly so."""
    schema = _resolved(schema)
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        return {
            name: arguments.get(name) or _example(part, arguments)
            for name, part in schema["properties"].items()
        }
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), arguments)]
    simple = {"integer": 1, "number": 0.5, "boolean": True, "object": {}}
    formats = {
        "uuid": str(UUID(int=7)),
        "date-time": "2026-01-01T00:00:00Z",
        "email": "a@example.com",
        "uri": "https://example.com",
    }
    kind = schema.get("type")
    if isinstance(kind, str) and kind in simple:
        return simple[kind]
    return formats.get(
        schema.get("format", ""), "x" * max(3, schema.get("minLength", 0))
    )

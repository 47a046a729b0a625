"""What a hostile client sends instead of a name, a number, a text or a JSON value."""

from __future__ import annotations

from typing import Any

MEGABYTE = 1_000_000
NOBODYS_UUID = "6f1c8a52-0d3e-4b7a-9c55-2f1e8d4b7a90"

TEXTS = {
    "empty": "",
    "blank": " \t\n",
    "NUL": "a\0b",
    "lone surrogate": "a\ud800b",
    "right-to-left override": "\u202egnp.exe",
    "invisible": "\u200b\u2060\u200d",
    "control characters": "\x01\x1b[31m\x7f\x85",
    "line break": "a\r\nSet-Cookie: x=y",
    "zero": "0",
    "negative": "-1",
    "10^400": "1" + "0" * 400,
    "more digits than Python reads": "9" * 5000,
    "above 64 bits": str(2**63),
    "negative beyond 64 bits": str(-(2**63) - 1),
    "infinite float": "1e999",
    "NaN": "NaN",
    "superscript digit": "²",
    "Arabic digits": "٤٢",
    "UUID": NOBODYS_UUID,
    "list": "1,2,3",
    "dotted": "1.1",
    "cursor without bounds": "9" * 17 + "." + "9" * 17,
    "year beyond datetime": "99999-12-31",
    "address": "http://[",
    "path": "../../../../etc/passwd",
    "markup": "\"'><script>alert(1)</script>{{ 7*7 }}{% x %}",
    "format": "%s%n{0}{x.__class__}",
    "backslashes": "\\\\host\\share\\",
    "wildcards": "%_\\",
    "boolean": "true",
    "quote": "'",
}
LONG_TEXTS = {
    "long": "x" * 9_000,
    "1 MB": "x" * MEGABYTE,
    "1 MB of emoji": "🎬" * (MEGABYTE // 4),
    "1 MB of blanks": " " * MEGABYTE,
}

JSON_VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "number": 7,
    "negative": -1,
    "float": 0.5,
    "10^400": 10**400,
    "above 64 bits": 2**63,
    "list": [],
    "list of lists": [[[[]]]],
    "list of nulls": [None, None],
    "object": {},
    "object of objects": {"a": {"b": {"c": None}}},
    "text": "text",
    "1e999": float("inf"),
}


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


RAW_JSON = {
    "nothing": b"",
    "no JSON": b"{",
    "NUL bytes": b'{"a": "\x00"}',
    "deep lists": b"[" * 100_000,
    "deep objects": nested(100_000),
    "valid but deep": nested(500),
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "infinite float": b'{"a": 1e999}',
    "lone surrogate": b'{"a": "\\ud800", "\\udfff": 1}',
    "too many digits": b'{"a": ' + b"9" * 5000 + b"}",
    "a list": b"[]",
    "a text": b'"text"',
    "a number": b"1e400",
    "null": b"null",
    "same key twice": b'{"a": 1, "a": 2}',
    "1 MB": b'{"a": "' + b"x" * MEGABYTE + b'"}',
    "3 MB": b'{"a": "' + b"x" * 3 * MEGABYTE + b'"}',
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(20_000)) + b"}",
}

CONTENT_TYPES = {
    "none": "",
    "no slash": "json",
    "only a slash": "/",
    "unknown": "application/x-hostile",
    "unknown charset": "application/json; charset=klingon",
    "UTF-16": "application/json; charset=utf-16",
    "UTF-7": "application/json; charset=utf-7",
    "a codec of bytes": "application/json; charset=zlib",
    "parameters": "application/json" + "; a=b" * 1000,
    "wildcard": "*/*",
    "form": "application/x-www-form-urlencoded",
    "form in UTF-16": "application/x-www-form-urlencoded; charset=utf-16",
    "form in an unknown charset": "application/x-www-form-urlencoded; charset=klingon",
    "multipart without boundary": "multipart/form-data",
    "multipart with an empty boundary": 'multipart/form-data; boundary=""',
    "multipart with a long boundary": "multipart/form-data; boundary=" + "x" * 300,
    "multipart with a strange boundary": 'multipart/form-data; boundary="\xe9 \x01"',
    "multipart in an unknown charset": "multipart/form-data; boundary=x; charset=no",
    "control characters": "application/\x01json",
}

HEADERS = {
    "HTTP_ACCEPT": [
        "*",
        "a/b/c",
        "application/json;q=x",
        "/",
        ";;;",
        "text/html;" * 200,
    ],
    "HTTP_ACCEPT_LANGUAGE": ["x" * 9000, "de-\xff;q=9e999", "*", "-"],
    "HTTP_ACCEPT_ENCODING": ["gzip;q=x", "\xff", "*;q=0"],
    "HTTP_AUTHORIZATION": [
        *("Bearer", "Bearer ", "Bearer a\0bcdefgh", "Bearer \xff\xfe" * 9),
        *("Basic \xff", "Bearer " + "x" * 9000, "Bearer a b c", "AWS4-HMAC-SHA256 x"),
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=\xff",
    ],
    "HTTP_COOKIE": [
        "sessionid=a\0bcdefghijk",
        'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000\\000"',
        "sessionid=" + "x" * 9000,
        'sessionid="\\355\\240\\200aaaaaaaaaa"',
        "csrftoken=\xff\xfe",
        'csrftoken="\\000"',
        "messages=\xff; theme=\x01; sidebar=\xff",
        "messages=" + "W" * 3000,
        ";=;=;;" * 500,
        "\xff=\xff",
    ],
    "HTTP_HX_REQUEST": ["true", "\xff", ""],
    "HTTP_HX_CURRENT_URL": [
        "http://[",
        "http://testserver/[",
        "//\xff",
        "x" * 9000,
        "",
    ],
    "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": ["true"],
    "HTTP_HX_TRIGGER": ["\xff"],
    "HTTP_HX_TRIGGERING_EVENT": ["{", "[" * 100_000, "\xff"],
    "HTTP_IDEMPOTENCY_KEY": ["", "a\0b", "\xff", "x" * 9000, "\x85"],
    "HTTP_IF_MATCH": ["*", '"', '"\xff"', "x" * 9000, ","],
    "HTTP_IF_NONE_MATCH": ["*", '"', '"\xff"', "x" * 9000],
    "HTTP_IF_MODIFIED_SINCE": ["yesterday", "Sat, 99 Jan 99999 00:00:00 GMT", "\xff"],
    "HTTP_IF_RANGE": ["\xff", "*", "Sat, 99 Jan 99999 00:00:00 GMT"],
    "HTTP_RANGE": [
        *("bytes=", "bytes=-", "bytes=9-1", "bytes=-0", "bytes=a-b", "lines=1-2"),
        *("bytes=" + "9" * 5000 + "-", "bytes=0-0," * 500, "bytes=²-", "\xff"),
    ],
    "HTTP_ORIGIN": ["null", "http://[", "\xff", "http://" + "x" * 9000],
    "HTTP_REFERER": ["http://[", "\xff", "javascript:alert(1)", "//\x01"],
    "HTTP_HOST": [
        "[",
        "a b",
        "\xff",
        "testserver:99999999",
        "testserver:x",
        "",
        "x" * 9000,
    ],
    "HTTP_X_FORWARDED_FOR": [
        "\xff",
        "x, y, z",
        "," * 500,
        "1" * 9000,
        "a\0b",
        "::1%\xff",
    ],
    "HTTP_X_FORWARDED_PROTO": ["\xff", "https,http"],
    "HTTP_FORWARDED": ["for=;;;\xff"],
    "HTTP_X_HTTP_METHOD_OVERRIDE": ["BREW"],
    "HTTP_X_REQUESTED_WITH": ["XMLHttpRequest"],
    "HTTP_X_CSRFTOKEN": ["\xff", "a\0b"],
    "HTTP_USER_AGENT": ["", "\xff", "x" * 9000, "a\0b"],
    "HTTP_DPOP": ["\xff"],
    "HTTP_X_SESSION_TOKEN": ["a\0b", "\xff" * 20],
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": ["BREW", "\xff"],
    "HTTP_X_AMZ_DATE": ["\xff", "99999999T999999Z"],
    "HTTP_FLIC_TOKEN": ["a\0b", "\xff", "a:b", ":"],
    "CONTENT_LENGTH": ["-1", "x", "²", "9" * 5000],
}

QUERIES = ["%ff%fe=%ff", "%", "&&&===", "a=%u1234", "=&=" * 3000, "a=1&" * 3000]
FILE_NAMES = {
    "NUL": "a\0b.mp4",
    "right-to-left override": "a\u202egpj.mp4",
    "path": "../../../../etc/passwd",
    "dots": "..",
    "blank": "  ",
    "slash": "/",
    "backslashes": "C:\\a\\..\\",
    "1 MB": "x" * MEGABYTE + ".mp4",
    "long": "é" * 300 + ".mp4",
    "quotes": 'a"b;c=d.mp4',
    "lone surrogate": "\ud800.mp4",
}
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"]

# A valid body of each operation of Amazon Personalize.
PERSONALIZE: dict[str, Any] = {
    "recommendations": {
        "campaignArn": "arn:aws:personalize:::campaign/a",
        "userId": "owner",
        "itemId": "1",
        "numResults": 3,
        "context": {"a": "b"},
        "filterArn": "arn:aws:personalize:::filter/f",
        "filterValues": {"GENRES": '"a"'},
    },
    "personalize-ranking": {
        "campaignArn": "arn:aws:personalize:::campaign/a",
        "userId": "owner",
        "inputList": ["1", "2"],
    },
    "events": {
        "trackingId": "a",
        "userId": "owner",
        "sessionId": "a",
        "eventList": [
            {
                "eventId": "a",
                "eventType": "watch",
                "eventValue": 0.5,
                "itemId": "1",
                "sentAt": 1.7e9,
                "properties": '{"a": 1}',
                "impression": ["1"],
            }
        ],
    },
    "items": {
        "datasetArn": "arn:aws:personalize:::dataset/a/ITEMS",
        "items": [
            {"itemId": "1", "properties": '{"GENRES": "a", "CREATION_TIMESTAMP": 1}'}
        ],
    },
    "users": {
        "datasetArn": "arn:aws:personalize:::dataset/a/USERS",
        "users": [{"userId": "owner", "properties": '{"a": 1}'}],
    },
}

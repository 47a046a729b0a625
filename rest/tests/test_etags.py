"""Conditional requests: the whole tag for reading, its version for writing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from rest.etags import Outdated, check_unchanged, etag_response


@dataclass
class Row:
    updated_at: datetime


ROW = Row(datetime(2026, 5, 1, 12, tzinfo=UTC))
EDITED = Row(ROW.updated_at + timedelta(microseconds=1))


def request(method: str = "GET", **headers: str) -> Request:
    return Request(APIRequestFactory().generic(method, "/", headers=headers))


def etag(row: Row = ROW, views: int = 1) -> str:
    return etag_response(request(), row, {"views": views})["ETag"]


def test_what_the_client_has_is_not_sent_again():
    known = etag_response(request(**{"If-None-Match": etag()}), ROW, {"views": 1})
    assert (known.status_code, known.data, known["ETag"]) == (304, None, etag())


def test_a_counter_changes_the_tag_for_reading():
    fresh = etag_response(request(**{"If-None-Match": etag()}), ROW, {"views": 2})
    assert (fresh.status_code, fresh.data) == (200, {"views": 2})


def test_only_an_edit_changes_the_version_for_writing():
    check_unchanged(request("PATCH", **{"If-Match": etag(views=2)}), ROW)
    check_unchanged(request("PATCH", **{"If-Match": "*"}), EDITED)
    check_unchanged(request("PATCH"), EDITED)
    with pytest.raises(Outdated):
        check_unchanged(request("PATCH", **{"If-Match": etag()}), EDITED)

"""Errors of the API are RFC 9457 problems, whoever raises them."""

from __future__ import annotations

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from rest_framework.exceptions import NotAuthenticated, ValidationError

from rest.problems import NOT_FOUND, problem


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (Http404("No Video matches."), 404, NOT_FOUND),
        (BadRequest("This cursor is not valid."), 400, "This cursor is not valid."),
        (NotAuthenticated("Log in."), 401, "Log in."),
        (ValidationError({"q": ["Too long."]}), 400, "Some values are not valid."),
        (DjangoValidationError("No."), 400, "Some values are not valid."),
    ],
)
def test_an_exception_becomes_a_problem(error: Exception, status: int, detail: str):
    response = problem(error, {})
    assert response.content_type == "application/problem+json"
    assert response.data["status"] == response.status_code == status
    assert response.data["detail"] == detail
    assert response.data["type"] == "about:blank"


def test_values_that_are_not_valid_are_named():
    by_field = problem(ValidationError({"q": ["Too long."]}), {}).data["errors"]
    assert by_field == {"q": ["Too long."]}
    whole = problem(DjangoValidationError("No."), {}).data["errors"]
    assert whole == {"non_field_errors": ["No."]}


def test_django_denies_with_a_403():
    assert problem(PermissionDenied(), {}).status_code == 403


def test_a_bug_is_left_to_django():
    assert problem(KeyError("name"), {}) is None

"""Lists of the API: `?cursor=&limit=`, answered with `results` and `next_cursor`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.paging import Slice, newest_first

MOST = 100  # rows of one answer


class PageSerializer(serializers.Serializer[Any]):
    """What every list takes."""

    cursor = serializers.RegexField(
        r"^[0-9]{1,17}\.[0-9]{1,17}$",
        required=False,
        default="",
        help_text="`next_cursor` of the page before; without it the list begins.",
    )
    limit = serializers.IntegerField(
        required=False, default=settings.FEED_PAGE_SIZE, min_value=1, max_value=MOST
    )


class NewestFirst(BasePagination):
    """Newest first, by the `newest_by` of the view: a field without NULLs."""

    next_cursor = ""

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        asked = PageSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        part = self.slice(queryset, view, **asked.validated_data)
        self.next_cursor = part.next_cursor
        return part.rows

    def slice(
        self, rows: QuerySet[Any], view: Any, *, cursor: str, limit: int
    ) -> Slice[Any]:
        return newest_first(rows, moment=view.newest_by, cursor=cursor, size=limit)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next_cursor": self.next_cursor or None})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next_cursor"],
            "properties": {
                "results": schema,
                "next_cursor": {
                    "type": "string",
                    "nullable": True,
                    "description": "`cursor` of the next page; null at the end.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        fields = PageSerializer().fields
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": fields["cursor"].help_text,
                "schema": {"type": "string", "pattern": r"^[0-9]{1,17}\.[0-9]{1,17}$"},
            },
            {
                "name": "limit",
                "in": "query",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST,
                    "default": settings.FEED_PAGE_SIZE,
                },
            },
        ]

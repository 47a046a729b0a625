"""Categories in the API."""

from __future__ import annotations

from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.viewsets import GenericViewSet

from videos.api.serializers import ParentCategorySerializer
from videos.models import ParentCategory


class CategoryViewSet(ListModelMixin, GenericViewSet[ParentCategory]):
    """All parent categories with their categories."""

    queryset = ParentCategory.objects.prefetch_related("categories")
    serializer_class = ParentCategorySerializer
    permission_classes = [AllowAny]

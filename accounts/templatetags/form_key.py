"""The key of a form that creates something."""

from __future__ import annotations

from uuid import uuid4

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.idempotency import FORM_KEY

register = template.Library()


@register.simple_tag
def form_key() -> SafeString:
    """A hidden field by which `accounts.idempotency.is_first` knows a form again."""
    return format_html('<input type="hidden" name="{}" value="{}">', FORM_KEY, uuid4())

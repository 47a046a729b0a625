"""Forms to upload and edit videos."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.template.defaultfilters import filesizeformat

from accounts.images import ACCEPT, FORMAT_NAMES, clean_image
from rest.texts import line
from videos.files.probing import looks_like_video
from videos.models import Category, ParentCategory, Video

THUMBNAIL_SIZE = (1280, 720)  # pixels


class VideoForm(forms.ModelForm[Video]):
    """The fields of a video that its creator edits."""

    new_thumbnail = forms.FileField(
        label="Thumbnail",
        required=False,
        help_text=f"{FORMAT_NAMES}. Without one, a frame of the video is used.",
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )
    parent_categories = forms.ModelMultipleChoiceField(
        ParentCategory.objects.all(),
        label="Subjects",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    categories = forms.ModelMultipleChoiceField(
        Category.objects.select_related("parent_category"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Video
        fields = ["title", "description", "visibility"]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 5}),
            "visibility": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in ("parent_categories", "categories"):
                self.initial[name] = getattr(self.instance, name).all()

    def clean_title(self) -> str:
        title = line(str(self.cleaned_data["title"]))
        if not title:
            raise ValidationError("Give the video a title.")
        return title

    def clean_new_thumbnail(self) -> File[Any] | None:
        upload = self.cleaned_data["new_thumbnail"]
        if upload is None:
            return None
        return clean_thumbnail(upload)

    def values(self) -> dict[str, Any]:
        """Arguments of `services.update_video`; `create_video` needs more."""
        names = ("title", "description", "visibility", "parent_categories")
        return {name: self.cleaned_data[name] for name in (*names, "categories")} | {
            "thumbnail": self.cleaned_data["new_thumbnail"]
        }


class UploadForm(VideoForm):
    file = forms.FileField(
        label="Video file",
        error_messages={
            "required": "Choose a video file.",
            "empty": "The file is empty.",
        },
        widget=forms.FileInput(attrs={"accept": "video/*,.mkv"}),
    )
    field_order = ("file", "title", "description")

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.too_large = too_large
        if too_large:
            self.fields["file"].error_messages["required"] = _too_large()

    def clean_file(self) -> File[Any]:
        upload: File[Any] = self.cleaned_data["file"]
        check_upload(upload)
        return upload


def check_upload(upload: File[Any]) -> None:
    """Raise `ValidationError` if the file is too large or not a video by its start."""
    if upload.size > settings.UPLOAD_MAX_BYTES:
        raise ValidationError(_too_large(), code="too_large")
    head = upload.read(16)
    upload.seek(0)
    if not looks_like_video(head):
        raise ValidationError(
            "This is not a video file. Use MP4, WebM, MOV, MKV or AVI."
        )


def clean_thumbnail(upload: File[Any]) -> File[Any]:
    """`upload` cropped to `THUMBNAIL_SIZE`. Raises `ValidationError`."""
    return clean_image(upload, max_size=THUMBNAIL_SIZE, crop=True)


def _too_large() -> str:
    limit = filesizeformat(settings.UPLOAD_MAX_BYTES)
    return f"The file is too large: {limit} is the limit."


DURATIONS = {
    "short": "Under 4 minutes",
    "medium": "4 to 20 minutes",
    "long": "Over 20 minutes",
}
AGES = {"day": "Today", "week": "This week", "month": "This month", "year": "This year"}
ORDERS = {"": "Best match", "newest": "Newest", "views": "Most viewed"}


class SearchForm(forms.Form):
    q = forms.CharField(max_length=200, required=False, strip=True)
    category = forms.ModelChoiceField(
        ParentCategory.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label="Any subject",
    )
    duration = forms.ChoiceField(
        choices=[("", "Any length"), *DURATIONS.items()], required=False
    )
    age = forms.ChoiceField(choices=[("", "Any time"), *AGES.items()], required=False)
    sort = forms.ChoiceField(choices=list(ORDERS.items()), required=False)

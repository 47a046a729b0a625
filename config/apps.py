from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as django_admin


class ConfigConfig(AppConfig):
    name = "config"
    default = True

    def ready(self) -> None:
        """Register checks; make the folders that Django and WhiteNoise require."""
        from config import checks  # noqa: F401

        for folder in (settings.FILE_UPLOAD_TEMP_DIR, settings.STATIC_ROOT):
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)


class AdminConfig(django_admin.AdminConfig):
    default = False
    default_site = "config.admin.Site"

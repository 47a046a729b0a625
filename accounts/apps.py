from django.apps import AppConfig
from django.urls import register_converter

from accounts.converters import UsernameConverter


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        register_converter(UsernameConverter, "username")

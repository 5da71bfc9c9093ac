from django.apps import AppConfig


class ItemsConfig(AppConfig):
    name = "items"

    def ready(self) -> None:
        from items import checks  # noqa: F401  (Django's way of registering system checks)

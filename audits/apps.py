from django.apps import AppConfig


class AuditsConfig(AppConfig):
    name = "audits"

    def ready(self) -> None:
        from audits import checks  # noqa: F401  (Django's way of registering system checks)

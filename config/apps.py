from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Vervet"

    def ready(self) -> None:
        from config import checks  # noqa: F401  (Django's way to register what it calls)
        from config.roles import fill_roles

        # A migration would run before the permissions of later apps exist. The signal comes
        # once an app with models; notifications is the last of ours.
        post_migrate.connect(fill_roles, sender=apps.get_app_config("notifications"))

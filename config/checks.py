"""System checks: can what lies in the folders of VERVET_PLUGINS be used?"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from config.plugins import in_files


@register()
def check_plugin_folders(**_: Any) -> list[CheckMessage]:
    """Name the folders and files that are left out, with the reason."""
    return [
        Warning(
            problem,
            hint="Mend it, or take it out of the folder; docs/plugins.md tells how a file looks.",
            id="vervet.W051",
        )
        for problem in in_files(tuple(settings.PLUGIN_FOLDERS)).problems
    ]

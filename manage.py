#!/usr/bin/env python
"""Vervet's command line."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError

# What databases say, and what to do then.
MENDS = {
    "no such table": "Run manage.py migrate first.",
    "no such column": "Run manage.py migrate first.",
    "does not exist": "Make it, or run manage.py migrate first.",
    "unable to open": "Does DATABASE_URL name the file rightly?",
    "connection": "Does DATABASE_URL name it rightly?",
}


def main() -> None:
    """Run a command; of settings and a database that it cannot do with, say so in a line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"A setting is wrong. {error}")
    except (OperationalError, ProgrammingError) as error:
        said = str(error).partition("\n")[0]
        mend = next((do for text, do in MENDS.items() if text in said), "")
        if "--traceback" in sys.argv or not mend:
            raise
        sys.exit(f"The database cannot be used: {said}. {mend}")


if __name__ == "__main__":
    main()

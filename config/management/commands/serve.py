"""Run the web server and a worker, for a machine without a supervisor of its own."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.serving import Ended, listen, serve, stop_on_signals


class Command(BaseCommand):
    help = "Serve the console, with a worker beside it, until Ctrl-C or until one of them ends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", help="host:port (127.0.0.1:8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        host, _, port = options["bind"].rpartition(":")
        if not port.isdigit():
            raise CommandError(f"--bind wants host:port, not {options['bind']!r}.")
        stop_on_signals()
        try:
            listener = listen(host, int(port))
            where = "{}:{}".format(*listener.getsockname())

            def tell() -> None:
                self.stdout.write(f"Vervet is at {settings.SITE_URL} and listens on {where}.")
                self.stdout.write("Ctrl-C ends it.")
                self.stdout.flush()

            serve(listener, ready=tell)
        except (Ended, OSError) as error:
            raise CommandError(str(error)) from error

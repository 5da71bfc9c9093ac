"""Takes the documents' pictures of a running demo: docs/pictures.py ADDRESS USER PASSWORD.

    make demo                                        # in one terminal
    .venv/bin/python docs/pictures.py http://127.0.0.1:8000 admin PASSWORD

Needs Debian's Chromium and requirements-dev.txt. A picture above 200 KB is refused.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent / "pictures"
LARGEST = 200_000
WIDTH, HEIGHT = 1280, 800
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# The file, and the path of the page that it shows.
PICTURES = {"console.png": "/"}


def main(address: str, user: str, password: str) -> None:
    """Log in and take every picture."""
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=FLAGS,
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
        )
        page = browser.new_page()
        log_in(page, address, user, password)
        FOLDER.mkdir(exist_ok=True)
        for name, path in PICTURES.items():
            take(page, f"{address}{path}", FOLDER / name)
        browser.close()


def log_in(page: Page, address: str, user: str, password: str) -> None:
    """Log in, or say that this did not work."""
    page.goto(f"{address}/login/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    if "/login/" in page.url:
        sys.exit("The login was refused.")


def take(page: Page, url: str, file: Path) -> None:
    """Take the picture of one page."""
    page.goto(url, wait_until="networkidle")
    page.screenshot(path=file)
    size = file.stat().st_size
    if size > LARGEST:
        file.unlink()
        sys.exit(f"{file.name} has {size:,} bytes, which is too many.")
    print(f"{file}: {size:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])

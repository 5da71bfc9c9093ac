"""What pyproject.toml cannot say: a wheel carries the templates and static files inside config."""

from setuptools import find_packages, setup

OURS = ("accounts", "items", "audits", "notifications", "config")
DATA = ("templates", "static")

setup(
    packages=[
        *find_packages(include=[*OURS, *(f"{app}.*" for app in OURS)]),
        *(f"config.{folder}" for folder in DATA),
    ],
    package_dir={f"config.{folder}": folder for folder in DATA},
    package_data={f"config.{folder}": ["**/*"] for folder in DATA}
    | {"audits.packs": ["**/*.yaml"], "config": ["new_plugin/**/*"]},
    include_package_data=False,
)

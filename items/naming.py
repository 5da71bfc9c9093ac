"""What people call what is watched."""

from items.watchers import watchers


def technology_label(technology: str) -> str:
    """Return what a technology is called; its key where nothing answers to it any more."""
    return watchers[technology].label if technology in watchers else technology

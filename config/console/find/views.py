"""Where a saved view leads to."""

from django.urls import reverse

from audits.models import SavedView

PAGES = {
    SavedView.Page.ITEMS: "admin:items_item_changelist",
    SavedView.Page.ISSUES: "admin:audits_issue_changelist",
    SavedView.Page.SEARCH: "find",
}


def view_link(view: SavedView) -> str:
    """Return the address that answers a saved view's question now."""
    return f"{reverse(PAGES[SavedView.Page(view.page)])}?{view.address.lstrip('?')}"

"""Every address of the API."""

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.routers import DefaultRouter

from accounts.api.rows import AccountViewSet, EntryViewSet, GroupViewSet, NetworkViewSet
from audits.api.deciding import IssuesViewSet, JustificationsViewSet
from audits.api.proposals import ProposalsViewSet
from audits.api.rules import (
    ControlViewSet,
    ExampleViewSet,
    FrameworkViewSet,
    QueryViewSet,
    TableViewSet,
    VersionViewSet,
)
from config.api.docs import docs, nothing
from config.api.doing import CommentsViewSet, EvaluateView, JustifyView, ScanView
from config.api.finding import DifferencesView, SearchView
from config.api.previewing import PreviewViewSet
from config.api.pushing import ItemsViewSet
from config.api.querying import RunQueryView, SavedQueryView
from config.api.rules import RulesViewSet
from items.api import GapViewSet, RevisionViewSet, RunViewSet, TechnologiesView
from notifications.api import DeliveryViewSet, ReportViewSet, SubscriptionViewSet

router = DefaultRouter()
router.include_format_suffixes = False
for name, viewset in {
    "accounts": AccountViewSet,
    "groups": GroupViewSet,
    "networks": NetworkViewSet,
    "items": ItemsViewSet,
    "revisions": RevisionViewSet,
    "runs": RunViewSet,
    "gaps": GapViewSet,
    "rules": RulesViewSet,
    "versions": VersionViewSet,
    "examples": ExampleViewSet,
    "tables": TableViewSet,
    "proposals": ProposalsViewSet,
    "previews": PreviewViewSet,
    "issues": IssuesViewSet,
    "justifications": JustificationsViewSet,
    "comments": CommentsViewSet,
    "frameworks": FrameworkViewSet,
    "controls": ControlViewSet,
    "queries": QueryViewSet,
    "subscriptions": SubscriptionViewSet,
    "deliveries": DeliveryViewSet,
    "reports": ReportViewSet,
    "audit-log": EntryViewSet,
}.items():
    router.register(name, viewset, basename=name)

urlpatterns: list[URLPattern | URLResolver] = [
    path("technologies/", TechnologiesView.as_view(), name="api-technologies"),
    path("differences/", DifferencesView.as_view(), name="api-differences"),
    path("search/", SearchView.as_view(), name="api-search"),
    path("justify/", JustifyView.as_view(), name="api-justify"),
    path("scan/", ScanView.as_view(), name="api-scan"),
    path("evaluate/", EvaluateView.as_view(), name="api-evaluate"),
    path("queries/run/", RunQueryView.as_view(), name="api-query"),
    path("queries/<int:pk>/rows/", SavedQueryView.as_view(), name="api-saved-query"),
    path("schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    *router.urls,
    re_path(r"^(?P<url>.*)$", nothing, name="api-nothing"),
]

"""The one router of the API: what may be read by HTTP, and where."""

from rest_framework.routers import DefaultRouter

from accounts.api import AccountViewSet
from audits.api import IssueViewSet
from items.api import ItemViewSet

router = DefaultRouter()
router.register("accounts", AccountViewSet)
router.register("items", ItemViewSet)
router.register("issues", IssueViewSet)

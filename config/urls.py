"""Every address of the console and the API. A page that joins apps stands before the admin's."""

from django.contrib import admin
from django.urls import include, path

from config.api import router
from config.console.dashboard import dashboard
from config.console.health import health
from config.console.issue import issue_page
from config.console.item import item_page
from config.console.search import search

guarded = admin.site.admin_view

urlpatterns = [
    path("healthz", health, name="health"),
    path("api/", include(router.urls)),
    path("", guarded(dashboard)),
    path("search/", guarded(search)),
    path("items/item/<int:pk>/change/", guarded(item_page)),
    path("audits/issue/<int:pk>/change/", guarded(issue_page)),
    path("", admin.site.urls),
]

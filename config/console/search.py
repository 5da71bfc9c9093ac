"""The quick search of the sidebar (Ctrl K): accounts, items, rules and pages by name."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.dataclasses import SearchResult

from accounts.models import Account
from accounts.moments import moment_of
from accounts.seeing import visible
from audits.models import Rule
from config.console.navigation import navigation
from items.asking import understand
from items.models import Item
from items.naming import technology_label
from items.recalling import called, items_at

MOST = 8
SHORTEST = 2


def search(request: HttpRequest) -> HttpResponse:
    """Answer what was typed so far with at most a few of each kind, as far as granted."""
    began = time.monotonic()
    text = request.GET.get("s", "").replace("\0", "").strip()
    if len(text) < SHORTEST:
        return HttpResponse()
    results = [*_pages(request, text), *_found(request, text), *_further(request, text)]
    pages = Paginator(results, 100)
    context = {
        "page_obj": pages,
        "results": pages.page(1),
        "page_counter": 0,
        "execution_time": time.monotonic() - began,
        "command_show_history": False,
    }
    return TemplateResponse(
        request, "unfold/helpers/command_results.html", context, headers={"HX-Trigger": "search"}
    )


def _pages(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    for group in navigation(request):
        for line in group["items"]:
            if text.lower() in line["title"].lower():
                yield SearchResult(line["title"], group["title"], line["link"], line["icon"])


def _further(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    """Lead on to the search, which understands addresses, paths, tags and days as well."""
    if request.user.has_perm("items.view_item"):
        question = understand(text)
        about = "Addresses, texts, paths and tags in every configuration"
        if question.address:
            about = f"Whatever is, holds or lies inside {question.address.text}"
        link = f"{reverse('find')}?{urlencode({'q': text})}"
        yield SearchResult(title=f"Search for {text}", description=about, link=link, icon="search")


def _found(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    def few(rows: QuerySet[Any], **fields: str) -> QuerySet[Any]:
        holds = Q()
        for field in fields.values():
            holds |= Q(**{f"{field}__icontains": text})
        return visible(rows, request.user).filter(holds)[:MOST]

    for account in few(Account.objects.all(), a="name", b="identifier"):
        yield _result("accounts_account", account, str(account), account.identifier, "cloud")
    for item in _items(request, text):
        about = f"{technology_label(item.technology)}, {item.account.name}, {item.uid}"
        yield _result("items_item", item, str(item), about, "inventory_2")
    for rule in few(Rule.objects.select_related("active"), a="key", b="active__title"):
        yield _result("audits_rule", rule, str(rule), rule.key, "rule")


def _items(request: HttpRequest, text: str) -> QuerySet[Item]:
    moment = moment_of(request)
    rows = Item.objects.all() if moment.now else items_at(moment.at)
    holds = Q(name__icontains=text) | Q(uid__icontains=text) | Q(full_name__icontains=text)
    found = visible(rows.select_related("account").defer("config"), request.user)
    return found.filter(holds if moment.now else called(text, moment.at))[:MOST]


def _result(model: str, row: Any, title: str, about: str, icon: str) -> SearchResult:
    link = reverse(f"admin:{model}_change", args=[row.pk])
    return SearchResult(title=title, description=about, link=link, icon=icon)

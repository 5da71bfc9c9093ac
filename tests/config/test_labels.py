"""Lists of items and issues are chosen by label, in the console and by the API alike."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from audits.models import SavedView
from items.labelling import label
from items.models import Item, Label
from tests.factories import IssueFactory, ItemFactory

pytestmark = pytest.mark.django_db

LABELS = {
    "shop": ["PCI", "a & b=c"],
    "till": ["PCI"],
    "gone": ["PCI", "old"],
    "lab": ["pci"],
    "bare": [],
}
CHIP = '<span class="aside break information soft tag">'
LISTS = ("/items/item/", "/audits/issue/")


@pytest.fixture(autouse=True)
def labelled(admin_user: User) -> None:
    """Five items with an issue each; of one both are gone."""
    for name, labels in LABELS.items():
        item: Any = ItemFactory(name=name)
        ended = item.first_seen if name == "gone" else None
        IssueFactory(item=item, notes=name, fixed_at=ended)
        Item.objects.filter(pk=item.pk).update(gone_at=ended)
        label(item, labels, admin_user)


def shown(client: Client, address: str, **asked: str) -> set[str]:
    """Return the names of the items that a list shows, or whose issues it does."""
    found = client.get(address, asked).context["cl"].result_list
    return {row.name if isinstance(row, Item) else row.item.name for row in found}


def given(client: Client, address: str, **asked: str) -> set[str]:
    """Return the same of a list of the API."""
    found = client.get(address, asked).json()["results"]
    return {row["name"] if "name" in row else row["item_name"] for row in found}


def choices(client: Client, address: str, **asked: str) -> dict[str, tuple[int, str]]:
    """Return what the filter offers: by name the count, and what the address would then ask."""
    cl = client.get(address, asked).context["cl"]
    return {
        one["display"]: (one["count"], parse_qs(one["query_string"][1:]).get("label", [""])[0])
        for spec in cl.filter_specs
        if spec.parameter_name == "label"
        for one in spec.choices(cl)
    }


@pytest.mark.parametrize("address", LISTS)
def test_each_label_is_offered_with_what_it_would_leave(admin_client: Client, address: str) -> None:
    assert choices(admin_client, address) == {
        "PCI": (2, "PCI"),
        "a & b=c": (1, "a & b=c"),
        "pci": (1, "pci"),
        "none": (1, "none"),
    }
    chosen = choices(admin_client, address, label="PCI")
    assert chosen["PCI"] == (2, ""), "once more takes it away"
    assert chosen["pci"] == (1, "PCI,pci"), "another is added"
    for name, (count, asked) in choices(admin_client, address).items():
        assert len(shown(admin_client, address, label=asked)) == count, name


@pytest.mark.parametrize(
    ("console", "api"),
    [("/items/item/", "/api/items/"), ("/audits/issue/", "/api/issues/")],
)
@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("PCI", {"shop", "till"}),
        ("pci", {"lab"}),
        ("a & b=c,pci", {"shop", "lab"}),
        ("none", {"bare"}),
        ("none,PCI", {"bare", "shop", "till"}),
        ("nobody's", set()),
    ],
)
def test_any_of_several_labels_is_enough(
    admin_client: Client, console: str, api: str, asked: str, left: set[str]
) -> None:
    assert shown(admin_client, console, label=asked) == left
    state = "there" if "items" in api else "open"
    assert given(admin_client, api, label=asked, state=state) == left


def test_labels_stand_beside_the_name_and_change_no_file(admin_client: Client) -> None:
    page = admin_client.get("/items/item/").content.decode()
    assert page.count(f"{CHIP}PCI</span>") == 2
    assert f"{CHIP}a &amp; b=c</span>" in page
    file: Any = admin_client.get("/items/item/", {"export": "csv"})
    assert "PCI" not in file.getvalue().decode()


def test_where_nothing_is_labelled_no_label_is_offered(admin_client: Client) -> None:
    Label.objects.all().delete()
    for address in LISTS:
        assert choices(admin_client, address) == {}
        assert CHIP not in admin_client.get(address).content.decode()


@pytest.mark.parametrize("address", LISTS)
def test_no_list_of_the_past_is_divided_by_labels_of_now(
    admin_client: Client, address: str
) -> None:
    then = {"as_of": "2026-07-01"}
    assert choices(admin_client, address, **then) == {}
    assert CHIP not in admin_client.get(address, then).content.decode()
    asked = admin_client.get(address, {**then, "label": "PCI"})
    assert asked.status_code == 302, "as with every filter that is not kept"


@pytest.mark.parametrize("address", ["/api/items/", "/api/issues/"])
def test_the_api_refuses_a_label_of_the_past(admin_client: Client, address: str) -> None:
    asked = admin_client.get(address, {"as_of": "2026-07-01", "label": "PCI"})
    assert asked.status_code == 400


def test_a_saved_list_keeps_its_label(admin_client: Client) -> None:
    for page in (SavedView.Page.ITEMS, SavedView.Page.ISSUES):
        SavedView.objects.create(name=str(page.label), page=page, address="label=PCI%2Cpci")
    listed = admin_client.get("/audits/savedview/").content.decode()
    for address in LISTS:
        assert f"{address}?label=PCI%2Cpci" in listed
        assert shown(admin_client, address, label="PCI,pci") == {"shop", "till", "lab"}


@pytest.mark.parametrize("name", ["none", "PCI,DSS"])
def test_a_label_that_no_address_could_ask_for_is_refused(admin_user: Any, name: str) -> None:
    item = Item.objects.get(name="shop")
    with pytest.raises(ValidationError, match="no comma"):
        label(item, [name], admin_user)
    assert {one.name for one in item.labels.all()} == set(LABELS["shop"])


def test_the_page_of_an_item_of_the_past_shows_no_labels_of_now(admin_client: Client) -> None:
    address = f"/items/item/{Item.objects.get(name='shop').pk}/change/"
    assert "PCI" in admin_client.get(address).content.decode()
    assert "PCI" not in admin_client.get(address, {"as_of": "2026-07-01"}).content.decode()

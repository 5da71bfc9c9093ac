"""Filters beside a list: each value with how many rows it would show, as links."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest

from accounts.moments import moment_of
from accounts.recalling import called_then, renamed

# Values of one filter that are shown without a click.
LONGEST = 12
# How the address calls rows that have no value.
NONE = "none"


class Facet(admin.SimpleListFilter):
    """A filter by the values of a field that occur in what the person may see."""

    template = "console/facet.html"
    path: ClassVar[str]
    """The field whose values are offered."""
    names: ClassVar[str] = ""
    """The field that calls a value; empty: the value itself."""
    many: ClassVar[bool] = False
    """Whether a row may have several of the values."""
    kept: ClassVar[bool] = True
    """Whether a list of the past knows the values of then."""
    also: ClassVar[tuple[str, ...]] = (NONE,)
    """Values that are asked for beside those that rows have."""

    def __init__(
        self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any
    ) -> None:
        self.model = model
        self.model_admin = model_admin
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return True

    def chosen(self) -> list[str]:
        given = str(self.value() or "").replace("\0", "").split(",")
        return [value for value in given if value and self.possible(value)]

    @classmethod
    def values(cls) -> tuple[str, ...]:
        """Return all values that there are; empty: whichever rows have."""
        return ()

    @classmethod
    def possible(cls, value: str) -> bool:
        """Say whether a row can have the value at all: what has a name is known by a number."""
        if known := cls.values():
            return value in known
        return not cls.names or value in cls.also or (value.isdecimal() and len(value) < 18)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.chosen()
        if self.value() and not chosen:
            return queryset.none()
        return queryset.filter(self.condition(chosen)) if chosen else queryset

    @cached_property
    def stand_ins(self) -> Mapping[str, str]:
        """The columns that stand in for fields, where the list is of the past."""
        return {} if moment_of(self.request).now else self.model_admin.stand_ins

    def then(self, condition: Q) -> Q:
        """Return a condition as it is to be asked of the list's moment."""
        return renamed(condition, self.stand_ins)

    def condition(self, chosen: list[str]) -> Q:
        """Return what holds for rows of the chosen values."""
        holds = Q(**{f"{self.path}__in": [value for value in chosen if value != NONE]})
        if NONE in chosen:
            holds |= Q(**{f"{self.path}__isnull": True})
            holds |= Q() if self.names else Q(**{self.path: ""})
        if self.many:
            return Q(pk__in=self.states().filter(self.then(holds)).values("pk"))
        return self.then(holds)

    def states(self) -> QuerySet[Any]:
        """Return all rows; of a past list all their states."""
        if moment_of(self.request).now or not hasattr(self.model, "history"):
            return self.model._default_manager.all()
        return self.model.history.all()

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        """Return each value with its name and how many of the rows have it."""
        if self.stand_ins and self.names and not self.many:
            return self._counted_then(rows)
        paths = [self.path, self.names] if self.names else [self.path]
        fields = [called_then(path, self.stand_ins) for path in paths]
        found = rows.order_by().values_list(*fields).annotate(n=Count("pk"))
        return [
            (str(value or NONE), self.called(name[0] if name else value), count)
            for value, *name, count in found.order_by("-n", fields[-1])
        ]

    def _counted_then(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        """Return the same, the names read apart: how many rows there were in the past, a database
        guesses badly, and a join of what it takes for few costs more than all else."""
        way = self.path.removesuffix("_id")
        model: Any = self.model
        for step in way.split("__"):
            model = model._meta.get_field(step).related_model
        path = called_then(self.path, self.stand_ins)
        counts = dict(rows.order_by().values_list(path).annotate(n=Count("pk")))
        called = model._base_manager.filter(pk__in=counts)
        names = dict(called.values_list("pk", self.names.removeprefix(f"{way}__")))
        found = [
            (str(value or NONE), self.called(names.get(value)), count)
            for value, count in counts.items()
        ]
        return sorted(found, key=lambda one: (-one[2], one[1]))

    def linked(self, changelist: ChangeList, value: str | None) -> str:
        """Return the address of the same list with another value here; None: with none."""
        query: Any = {self.parameter_name: value}
        return changelist.get_query_string(query)

    def called(self, name: Any) -> str:
        return str(name or NONE)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        rows = changelist.get_queryset(self.request, exclude_parameters=self.expected_parameters())
        chosen = self.chosen()
        found = self.counted(rows)
        known = {value for value, _, _ in found}
        found += [(value, value, 0) for value in chosen if value not in known]
        if not chosen and not any(count for _, _, count in found):
            return  # Nothing to choose among.
        lines = [
            (place >= LONGEST and one[0] not in chosen, one) for place, one in enumerate(found)
        ]
        for late, (value, name, count) in sorted(lines, key=lambda line: line[0]):
            on = value in chosen
            after = [one for one in chosen if one != value] if on else [*chosen, value]
            yield {
                "selected": on,
                "query_string": self.linked(changelist, ",".join(after) or None),
                "display": name,
                "count": count,
                "late": late,
            }


class Choice(Facet):
    """A filter by conditions with a name each."""

    conditions: ClassVar[dict[str, tuple[str, Callable[[], Q]]]]
    """Value: what it is called, and what holds for its rows."""

    @classmethod
    def values(cls) -> tuple[str, ...]:
        return tuple(cls.conditions)

    def holds(self, value: str) -> Q:
        """Return what holds for the rows of a value, at the list's moment."""
        return self.then(self.conditions[value][1]())

    def condition(self, chosen: list[str]) -> Q:
        together = Q(pk__in=[])
        for value in chosen:
            if value in self.conditions:
                together |= self.holds(value)
        return together

    def counted_apart(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        """Return the same by one query a value: a join, where a sum would ask row by row."""
        return [
            (value, name, rows.filter(self.holds(value)).count())
            for value, (name, _) in self.conditions.items()
        ]

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        counts = rows.order_by().aggregate(
            **{
                f"n_{place}": Count("pk", filter=self.holds(value))
                for place, value in enumerate(self.conditions)
            }
        )
        return [
            (value, name, counts[f"n_{place}"])
            for place, (value, (name, _)) in enumerate(self.conditions.items())
        ]


class Order(admin.SimpleListFilter):
    """In which order a list stands; it leaves no row out."""

    title = "order"
    parameter_name = "order"
    template = "console/order.html"
    tabs = True
    orders: ClassVar[dict[str, tuple[str, tuple[str, ...]]]]
    """Value: what it is called, and the fields; the first where none is asked for."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, name) for value, (name, _) in self.orders.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset

    @classmethod
    def fields(cls, request: HttpRequest) -> tuple[str, ...]:
        """Return what the rows are to be ordered by."""
        first = next(iter(cls.orders))
        asked = request.GET.get("order", first)
        return cls.orders.get(asked, cls.orders[first])[1]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        first = next(iter(self.orders))
        present = self.value() if self.value() in self.orders else first
        for value, (name, _) in self.orders.items():
            asked: Any = {self.parameter_name: None if value == first else value}
            yield {
                "selected": value == present,
                "query_string": changelist.get_query_string(asked),
                "display": name,
            }


class Tabs(Choice):
    """Conditions of which exactly one holds, over the list; the first where none is asked for."""

    template = "console/tabs.html"
    tabs = True
    everything: ClassVar[str] = ""
    """What the tab of all rows is called; empty: there is none."""
    exhaustive: ClassVar[bool] = False
    """Whether each row is under one tab, so that the sum is all."""

    @property
    def first(self) -> str:
        """The tab that is open where none is asked for."""
        return next(iter(self.conditions))

    def chosen(self) -> list[str]:
        asked = str(self.value() or self.first)
        if asked == "all" and self.everything:
            return []
        return [asked if asked in self.conditions else next(iter(self.conditions))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.chosen()
        return queryset.filter(self.condition(chosen)) if chosen else queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        rows = changelist.get_queryset(self.request, exclude_parameters=self.expected_parameters())
        counted = self.counted(rows)
        found: list[tuple[str, str, int | None]] = [*counted]
        if self.everything:
            whole = sum(count for _, _, count in counted) if self.exhaustive else None
            found.append(("all", self.everything, whole))
        on = (self.chosen() or ["all"])[0]
        for value, name, count in found:
            yield {
                "selected": value == on,
                "query_string": self.linked(changelist, None if value == self.first else value),
                "display": name,
                "count": count,
            }


def facet(
    title: str, parameter: str, path: str, names: str = "", many: bool = False
) -> type[Facet]:
    """Make a filter by the values of a field."""
    attributes = {
        "title": title,
        "parameter_name": parameter,
        "path": path,
        "names": names,
        "many": many,
    }
    return type(f"{parameter.title()}Facet", (Facet,), attributes)

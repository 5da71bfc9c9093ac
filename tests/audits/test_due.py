"""When a decision is due: filter, order and what is shown agree, to the day."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from audits.due import BANDS, due_at, due_before, due_days, due_on, late
from audits.models import Issue, ReviewPolicy, severity
from tests.factories import IssueFactory, ItemFactory, a_rule

pytestmark = pytest.mark.django_db


def test_every_score_has_the_band_of_its_severity() -> None:
    for score in range(11):
        assert [w for w, (least, most) in BANDS.items() if least <= score <= most] == [
            severity(score)
        ]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_what_is_shown_as_late_is_what_is_counted_as_late(settings: Any, zone: str) -> None:
    settings.TIME_ZONE = zone
    with timezone.override(zone):
        item, version, now = ItemFactory(), a_rule().active, timezone.now()
        made = [
            IssueFactory.build(
                item=item,
                rule=version.rule,
                version=version,
                score=score,
                opened_at=now - timedelta(hours=hours),
            )
            for score in (0, 4, 7, 9)
            for hours in range(0, 100 * 24, 7)
        ]
        Issue.objects.bulk_create(made)
        policies, today = due_days(), timezone.localdate()
        for day in (today, today + timedelta(days=7)):
            counted = set(
                Issue.objects.filter(due_before(day, policies)).values_list("pk", flat=True)
            )
            shown = {
                issue.pk
                for issue in Issue.objects.all()
                if (due := due_on(issue, policies)) and due < day
            }
            assert counted == shown
            assert counted
        ordered = list(Issue.objects.filter(score__gte=1).order_by(due_at(policies), "pk"))
        days = [due_on(issue, policies) for issue in ordered]
        assert days == sorted(day for day in days if day)


def test_the_last_day_is_still_in_time() -> None:
    days = due_days()["critical"]
    assert days == 7
    midnight = timezone.make_aware(
        datetime.combine(timezone.localdate() - timedelta(days=days), datetime.min.time())
    )
    in_time = IssueFactory(score=9, opened_at=midnight)
    too_late = IssueFactory(score=9, opened_at=midnight - timedelta(seconds=1))
    assert due_on(in_time, due_days()) == timezone.localdate()
    assert list(Issue.objects.filter(late(due_days()))) == [too_late]


def test_what_is_decided_or_has_no_policy_is_never_due() -> None:
    long_ago = timezone.now() - timedelta(days=4000)
    IssueFactory(score=9, opened_at=long_ago, justified=True)
    IssueFactory(score=9, opened_at=long_ago, fixed_at=long_ago)
    IssueFactory(score=0, opened_at=long_ago)
    plain = IssueFactory(score=5, opened_at=long_ago)
    policies = due_days()
    assert list(Issue.objects.filter(late(policies))) == [plain]
    assert [issue for issue in Issue.objects.all() if due_on(issue, policies)] == [plain]
    ReviewPolicy.objects.filter(severity="medium").update(due_days=None)
    assert not Issue.objects.filter(late(due_days())).exists()
    ReviewPolicy.objects.all().delete()
    assert not Issue.objects.filter(late(due_days())).exists()
    assert list(Issue.objects.order_by(due_at(due_days()))) != []

"""Which issues wait for an approver."""

from django.db.models import Exists, OuterRef, Q

from audits.answering import would_cover
from audits.models import Justification


def waiting() -> Q:
    """Return what holds for open issues that somebody asked to have justified."""
    asked = Justification.objects.filter(state=Justification.State.ASKED)
    scope = Justification.Scope
    of_item = asked.filter(scope=scope.ITEM, rule=OuterRef("rule"), item=OuterRef("item"))
    named = Q(
        pk__in=Justification.issues.through.objects.filter(justification__in=asked).values("issue")
    )
    patterns = asked.filter(scope=scope.PATTERN)
    within = {issue.pk for one in patterns for issue in would_cover(one)}
    return (named | Q(Exists(of_item)) | Q(pk__in=within)) & Q(fixed_at=None, justified=False)

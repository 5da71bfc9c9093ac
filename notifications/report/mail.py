"""Write the mail of a week's report, from the figures that are kept of it."""

from dataclasses import replace
from typing import Any

from django.conf import settings

from notifications.mails import Mail, link, written
from notifications.models import Delivery, Report
from notifications.notifiers.base import File
from notifications.pdf import pdf_of
from notifications.report.files import files_of
from notifications.report.made import report_of
from notifications.report.view import shown, week_called


def weekly(delivery: Delivery) -> Mail | None:
    """Return the report of the seven days that begin at ``delivery.since``; the same each time.

    None where nothing is new and who is told does not want to hear that.
    """
    report = report_of(delivery)
    told = delivery.subscription
    if report.figures["quiet"] and told and not told.weekly_quiet:
        return None
    return mail_of(report, delivery)


def mail_of(report: Report, delivery: Delivery | None = None) -> Mail:
    """Return the mail of a report, with the files that go with it."""
    context: dict[str, Any] = {
        **_context(report.figures),
        "delivery": delivery,
        "report": report,
        "report_link": link("admin:notifications_report_change", report.pk) if report.pk else "",
        "subscription_link": link("admin:notifications_subscription_change", report.subscription_id)
        if report.subscription_id
        else "",
    }
    mail = written("weekly", subject_of(report.figures), context, files_of(report))
    if report.subscription and report.subscription.weekly_pdf:
        name = f"vervet-report-{report.figures['last_day']}.pdf"
        paper = File(name, "application/pdf", pdf_of(mail.html))
        return replace(mail, files=(*mail.files, paper))
    return mail


def subject_of(figures: dict[str, Any]) -> str:
    """Return the one line that is read on a telephone."""
    return f"Vervet: {figures['headline']}"


def _context(figures: dict[str, Any]) -> dict[str, Any]:
    report = shown(figures, settings.SITE_URL)
    return {"figures": report, "week": week_called(report["first_day"], report["last_day"])}

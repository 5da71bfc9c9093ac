"""Write the mails about a proposal: the question to an approver, the answer to who asked."""

from audits.approving import why_not
from audits.models import Proposal
from notifications.mails import Mail, link, written
from notifications.models import Delivery

SAID = {
    Proposal.Answer.APPROVED: "Let in",
    Proposal.Answer.REFUSED: "Refused",
    Proposal.Answer.WITHDRAWN: "Withdrawn",
    Proposal.Answer.REPLACED: "Replaced",
}


def question(delivery: Delivery) -> Mail | None:
    """Return the mail that asks for an answer; None where this person's is not wanted (more)."""
    proposal, person = _about(delivery), delivery.person
    if proposal.answer or person is None or not person.is_active or why_not(proposal, person):
        return None
    return _mail(delivery, proposal, "Your answer is asked for")


def answer(delivery: Delivery) -> Mail | None:
    """Return the mail that tells who asked what was answered; None where nobody may read it."""
    if delivery.person is None or not delivery.person.is_active:
        return None
    proposal = _about(delivery)
    return _mail(delivery, proposal, SAID[Proposal.Answer(proposal.answer)])


def _about(delivery: Delivery) -> Proposal:
    return Proposal.objects.select_related(
        "rule__active", "version__author", "by", "answered_by"
    ).get(pk=delivery.proposal_id or 0)


def _mail(delivery: Delivery, proposal: Proposal, says: str) -> Mail:
    version = proposal.version or proposal.rule.active
    title = version.title if version else proposal.rule.key
    context = {
        "delivery": delivery,
        "proposal": proposal,
        "title": title,
        "says": says,
        "link": link("admin:audits_proposal_change", proposal.pk),
    }
    return written("proposal", f"{says}: {str(proposal).lower()}: {title}", context)

"""Tell by mail, through the mail server that the settings name."""

from collections.abc import Sequence
from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email

from notifications.notifiers.base import Never, Notifier, Outgoing

# RFC 5321: the first digit of an answer that stays the same however often it is asked.
FOR_GOOD = 500


class Email(Notifier):
    key = "email"
    label = "Email"
    address_help = "Any address, or several, commas between; no login is needed to be told."

    @classmethod
    def check_address(cls, address: str) -> None:
        for one in cls.readers(address) or [""]:
            validate_email(one)

    @classmethod
    def readers(cls, address: str) -> list[str]:
        """Return the addresses, each once: every reader gets a mail, and sees no other's."""
        return list(dict.fromkeys(one.strip() for one in address.split(",") if one.strip()))

    @classmethod
    def joined(cls, readers: Sequence[str]) -> str:
        return ", ".join(readers)

    def deliver(self, delivery: Outgoing) -> None:
        """Send the mail, as text and as HTML; the same Message-ID each time.

        Raises Never where the server does not take it for that address and never will.
        """
        headers = {"Message-ID": f"<{delivery.key}>", "Auto-Submitted": "auto-generated"}
        if delivery.leave:  # RFC 8058: by one click in the mail program.
            headers["List-Unsubscribe"] = f"<{delivery.leave}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail = EmailMultiAlternatives(
            subject=delivery.subject,
            body=delivery.text,
            to=[delivery.address],
            headers=headers,
        )
        mail.attach_alternative(delivery.html, "text/html")
        for file in delivery.files:
            mail.attach(file.name, file.content, file.type)
        try:
            mail.send()
        except SMTPRecipientsRefused as refused:
            ((code, said),) = refused.recipients.values()
            if code >= FOR_GOOD:
                words = said.decode(errors="replace") if isinstance(said, bytes) else said
                raise Never(f"{delivery.address} is refused: {code} {words}") from refused
            raise

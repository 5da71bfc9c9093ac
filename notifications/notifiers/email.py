"""Tell by mail, through the mail server that the settings name."""

from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email

from notifications.notifiers.base import Notifier, Outgoing


class Email(Notifier):
    key = "email"
    label = "Email"
    address_help = "Any address; no login is needed to be told."

    @classmethod
    def check_address(cls, address: str) -> None:
        validate_email(address)

    def deliver(self, delivery: Outgoing) -> None:
        """Send the mail, as text and as HTML; the same Message-ID each time."""
        mail = EmailMultiAlternatives(
            subject=delivery.subject,
            body=delivery.text,
            to=[delivery.address],
            headers={"Message-ID": f"<{delivery.key}>", "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(delivery.html, "text/html")
        for file in delivery.files:
            mail.attach(file.name, file.content, file.type)
        mail.send()

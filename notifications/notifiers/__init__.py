"""Every way to tell somebody. Other packages add theirs as entry points."""

from config.plugins import Registry
from notifications.notifiers.base import Notifier

notifiers: Registry[type[Notifier]] = Registry(
    "vervet.notifiers",
    base=Notifier,
    needs=("key", "label", "address_label"),
    builtin={
        "email": "notifications.notifiers.email:Email",
        "webhook": "notifications.notifiers.webhook:Webhook",
        "slack": "notifications.notifiers.chats:Slack",
        "teams": "notifications.notifiers.chats:Teams",
        "lines": "notifications.notifiers.lines:Lines",
        "git": "notifications.notifiers.git:Git",
        "amqp": "notifications.notifiers.amqp:Amqp",
        "jira": "notifications.notifiers.jira:Jira",
        "github": "notifications.notifiers.github:GitHub",
        "aws.sns": "notifications.notifiers.aws.sns:Sns",
        "aws.securityhub": "notifications.notifiers.aws.securityhub:SecurityHub",
    },
)

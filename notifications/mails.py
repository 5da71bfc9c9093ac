"""A mail, as text and as HTML that mail clients bear."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from notifications.notifiers.base import File


@dataclass(frozen=True)
class Mail:
    subject: str
    text: str
    html: str
    context: Mapping[str, Any] = field(default_factory=dict)
    """What the templates were given."""
    files: tuple[File, ...] = ()
    template: str = ""


def written(name: str, subject: str, context: dict[str, Any], files: tuple[File, ...] = ()) -> Mail:
    """Fill the templates of a kind of mail, as text and as HTML."""
    context["subject"], context["site"] = subject, settings.SITE_URL
    html = render_to_string(f"mail/{name}.html", context)
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return Mail(
        subject=" ".join(subject.split())[:300],
        text=render_to_string(f"mail/{name}.txt", context),
        html=inliner.inline(html),
        context=context,
        files=files,
        template=name,
    )


def for_reader(mail: Mail, leave: str) -> Mail:
    """Return a mail with the link by which its reader stops being told; empty: none."""
    if not leave:
        return mail
    own = written(mail.template, mail.subject, {**mail.context, "leave": leave})
    return replace(mail, text=own.text, html=own.html)


def link(name: str, *arguments: Any) -> str:
    """Return a full address of the console."""
    return settings.SITE_URL + reverse(name, args=arguments)

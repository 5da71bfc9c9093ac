"""In the past a page only shows, and each of its links leads on in the past."""

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from accounts.moments import PARAMETER, Moment, looking_from, moment_of

# A whole tag; what stands in quotes may hold a ">".
LINK = re.compile(r"""<a\b(?:"[^"]*"|'[^']*'|[^'">])*>""", re.IGNORECASE)
FETCH = re.compile(
    r"""<[a-z]+\b(?:"[^"]*"|'[^']*'|[^'">])*?\shx-get="[^"]*"[^>]*>""", re.IGNORECASE
)
FORM = re.compile(r"""<form\b(?:"[^"]*"|'[^']*'|[^'">])*>.*?</form>""", re.IGNORECASE | re.DOTALL)
ADDRESS = re.compile(r"""(\s(?:href|hx-get)=")([^"]*)(")""")
# Marks a link or form that has a moment of its own.
OWN = "data-moment"
API = "/api/"
ELSEWHERE = ("/static/", "/login/", "/logout/", "/password_change/", API)

Answer = Callable[[HttpRequest], HttpResponse]


class KeepingMoment:
    """Shows the past to those who ask for it: nothing can be decided there, links stay there."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(API):  # It knows its moments itself.
            return self.get_response(request)
        moment = moment_of(request)
        if moment.now or not request.user.is_authenticated:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return _refusal(request)
        request.user.looks_back = True
        with looking_from(moment):
            return _kept(self.get_response(request), moment)


def _refusal(request: HttpRequest) -> HttpResponse:
    page = TemplateResponse(request, "console/past_refused.html", status=403)
    return page.render()


def _kept(response: HttpResponse, moment: Moment) -> HttpResponse:
    """Let every link of an answer lead to the same moment."""
    if isinstance(response, HttpResponseRedirect):
        response["Location"] = kept(response["Location"], moment.text)
    elif not response.streaming and response.get("Content-Type", "").startswith("text/html"):
        text = response.content.decode(response.charset)
        response.content = linked(text, moment.text)
        if response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
    return response


def linked(html: str, text: str) -> str:
    """Return a page whose links and searches lead to the moment of ``text``."""

    def link(tag: re.Match[str]) -> str:
        return tag[0] if OWN in tag[0] else ADDRESS.sub(address, tag[0])

    def address(found: re.Match[str]) -> str:
        return f"{found[1]}{escape(kept(unescape(found[2]), text))}{found[3]}"

    def form(found: re.Match[str]) -> str:
        start, close, rest = found[0].partition(">")
        own = OWN in start or f'name="{PARAMETER}"' in rest
        if own or re.search(r'method="post"', start, re.IGNORECASE):
            return found[0]
        return (
            f'{start}{close}<input type="hidden" name="{PARAMETER}" value="{escape(text)}">{rest}'
        )

    return FORM.sub(form, FETCH.sub(link, LINK.sub(link, html)))


def kept(address: str, text: str) -> str:
    """Return an address of ours with the moment in it; any other as it is."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not (parts.path or parts.query):
        return address
    if parts.path.startswith(ELSEWHERE):
        return address
    query = parse_qsl(parts.query, keep_blank_values=True)
    if any(name == PARAMETER for name, _ in query):
        return address
    said = f"{PARAMETER}={quote(text)}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{said}" if parts.query else said))

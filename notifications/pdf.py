"""Mails as PDF, where the extra for it is installed."""

INSTALL = "PDF needs more than is installed: pip install 'vervet[pdf]'"
# Beside what mail programs take: paper has edges.
PAPER = "@page { size: A4; margin: 12mm; } body { background: #ffffff; }"


def why_not() -> str:
    """Return why no PDF can be made, and what to do; empty where it can."""
    try:
        import weasyprint  # noqa: F401 - asked for, not used
    except ImportError:
        return f"{INSTALL}."
    except OSError as error:  # Its libraries are Debian's, not pip's.
        return f"{INSTALL}, and Debian's libpangoft2-1.0-0 and libharfbuzz-subset0 ({error})."
    return ""


def pdf_of(html: str) -> bytes:
    """Return a page as PDF; nothing is fetched for it. Raise ValueError where none can be made."""
    if reason := why_not():
        raise ValueError(reason)
    import weasyprint
    from weasyprint.urls import URLFetcher

    nothing = URLFetcher(allowed_protocols=())
    page = weasyprint.HTML(string=html, url_fetcher=nothing)
    made: bytes = page.write_pdf(stylesheets=[weasyprint.CSS(string=PAPER)])
    return made

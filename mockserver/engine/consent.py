"""The consent page of the authorization endpoint: plain links, no scripts, all text escaped."""

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}"
    "a{display:inline-block;padding:.5rem 1.5rem;border-radius:.4rem;text-decoration:none;"
    "margin-right:1rem;border:1px solid #1a56db;color:#1a56db}"
    "a.allow{background:#1a56db;color:#fff}small{color:#555}"
)


def consent_page(
    title: str, client: str, user: str, scopes: Iterable[str], query: Iterable[tuple[str, str]]
) -> bytes:
    """Ask whether a client may act for a user; both answers are links to the same endpoint."""
    given = [(name, value) for name, value in query if name != DECISION]
    allow = escape("?" + urlencode([*given, (DECISION, "approve")]))
    deny = escape("?" + urlencode([*given, (DECISION, "deny")]))
    wanted = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1>"
        f"<p><strong>{escape(client)}</strong> asks to act for "
        f"<strong>{escape(user)}</strong> with the scopes</p><ul>{wanted}</ul>"
        f'<p><a class="allow" href="{allow}">Allow</a><a href="{deny}">Deny</a></p>'
        "<p><small>This page is a mock's; nobody real is asked.</small></p></html>"
    ).encode()


DECISION = "mock_decision"
"""Query parameter that answers the question: approve or deny."""

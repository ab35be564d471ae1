"""The consent page of the authorization endpoint."""

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

from mockserver.base.html import html_page

DECISION = "mock_decision"
"""Query parameter that answers the question: approve or deny."""


def consent_page(
    title: str, client: str, user: str, scopes: Iterable[str], query: Iterable[tuple[str, str]]
) -> bytes:
    """Ask whether a client may act for a user; both answers are links to the same endpoint."""
    given = [(name, value) for name, value in query if name != DECISION]
    allow = escape("?" + urlencode([*given, (DECISION, "approve")]))
    deny = escape("?" + urlencode([*given, (DECISION, "deny")]))
    wanted = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    body = (
        f"<p><strong>{escape(client)}</strong> asks to act for "
        f"<strong>{escape(user)}</strong> with the scopes</p><ul>{wanted}</ul>"
        f'<p><a class="button main" href="{allow}">Allow</a>'
        f'<a class="button" href="{deny}">Deny</a></p>'
    )
    return html_page(title, body, "This page is simulated; nobody real is asked.")

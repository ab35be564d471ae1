"""The consent page of the authorization endpoint (OAuth 2.0, RFC 6749 section 4.1.1)."""

from collections.abc import Iterable
from urllib.parse import urlencode

from mockserver.base.html import Markup, html_page, join, tag

DECISION = "mock_decision"
"""Query parameter with the user's decision: approve or deny."""


def consent_page(
    title: str, client: str, user: str, scopes: Iterable[str], query: Iterable[tuple[str, str]]
) -> bytes:
    """Write the page that asks whether a client may act for a user.

    Both buttons are links to the same endpoint, with the parameters of `query` and a decision.
    """
    kept = [(name, value) for name, value in query if name != DECISION]
    question = [tag("strong", client), " asks to act for ", tag("strong", user)]
    body = [
        tag("p", *question, " with the scopes"),
        tag("ul", *(tag("li", scope) for scope in scopes)),
        tag(
            "p",
            _button("Allow", "button main", [*kept, (DECISION, "approve")]),
            _button("Deny", "button", [*kept, (DECISION, "deny")]),
        ),
    ]
    return html_page(title, join(body), "This page is simulated; no real person is asked.")


def _button(label: str, kind: str, query: list[tuple[str, str]]) -> Markup:
    return tag("a", label, class_=kind, href="?" + urlencode(query))

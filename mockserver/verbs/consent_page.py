"""Write the HTML page that asks a user for consent (OAuth 2.0: RFC 6749, section 4.1.1).

`oauth_authorize.py` calls `consent_page` with a heading, the names of client and user, the scopes
and the query parameters of the request, and gets the page as UTF-8 bytes; all values are escaped.
Its two links, "Allow" and "Deny", lead to the same endpoint: they repeat the query and add the
parameter named by `DECISION`, with the value `approve` or `deny`, which `oauth_authorize.py` reads.
This module never stores a decision and never issues a code.
"""

from collections.abc import Iterable
from urllib.parse import urlencode

from mockserver.base.html import Markup, html_page, join, tag

DECISION = "mock_decision"
"""The query parameter with the user's decision: `approve` or `deny`."""


def consent_page(
    title: str, client: str, user: str, scopes: Iterable[str], query: Iterable[tuple[str, str]]
) -> bytes:
    """Return the HTML of the consent page.

    Args:
        title: The heading.
        client: The name of the client that asks.
        user: The name of the user who decides.
        scopes: The scopes that the client asks for.
        query: The parameters of the request; both links repeat them and add a decision.
    """
    parameters = [(name, value) for name, value in query if name != DECISION]
    question = [tag("strong", client), " asks to act for ", tag("strong", user)]
    body = [
        tag("p", *question, " with the scopes"),
        tag("ul", *(tag("li", scope) for scope in scopes)),
        tag(
            "p",
            _button("Allow", "button main", [*parameters, (DECISION, "approve")]),
            _button("Deny", "button", [*parameters, (DECISION, "deny")]),
        ),
    ]
    return html_page(title, join(body), "This page is simulated; no real person is asked.")


def _button(label: str, kind: str, query: list[tuple[str, str]]) -> Markup:
    return tag("a", label, class_=kind, href="?" + urlencode(query))

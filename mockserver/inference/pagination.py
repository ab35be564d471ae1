"""Write expressions for links to other pages of a list, and the `Link` header (RFC 8288).

`list_steps.py` makes a `Paging` from the parameters that select a page; `envelopes.py` asks it for
URLs, conditions and the header, as texts of expressions. They are empty texts if no parameter
selects that page. The expressions use `page`, which the inferred `list` step binds.
"""

from dataclasses import dataclass

from mockserver.inference.expression_text import quoted, template

HAS_NEXT = "page.offset + length(page.items) < page.total"
"""The condition for a next page."""
HAS_PREVIOUS = "page.offset > 0"
"""The condition for a previous page."""


@dataclass(frozen=True, slots=True)
class Paging:
    """The query parameters and expressions that lead to other pages."""

    page_parameter: str
    offset_parameter: str
    after_parameter: str
    first_page: int
    """The number of the first page."""
    key: str
    """The expression for the key of the last item."""

    def link(self, relation: str) -> str:
        """Write the URL of another page, null if the page does not exist.

        Return an empty text if no parameter selects that page.
        """
        address, condition = self.address(relation)
        return f"{address} if {condition} else null" if condition else address

    def address(self, relation: str) -> tuple[str, str]:
        """Return the URL of another page and the condition that the page exists, or empty texts."""
        parameter, value = self._target(relation)
        if not parameter:
            return "", ""
        condition = {"next": HAS_NEXT, "prev": HAS_PREVIOUS}.get(relation, "")
        return f"request_url({quoted(parameter)}, {value})", condition

    def header(self) -> str:
        """Write a Link header (RFC 8288); return an empty text if no parameter selects a page."""
        (first, _), (last, _) = self.address("first"), self.address("last")
        following = _relation("next", *self.address("next"))
        if not first:
            return template(f"{following} else null") if following else ""
        previous = _relation("prev", *self.address("prev"), before=", ")
        following = _relation("next", *self.address("next"), before=", ")
        between = template(f'{previous} else ""') + template(f'{following} else ""')
        return f'<{template(first)}>; rel="first"{between}, <{template(last)}>; rel="last"'

    def _target(self, relation: str) -> tuple[str, str]:
        """Return the query parameter that selects another page, with its value."""
        first = self.first_page
        if self.page_parameter:
            return self.page_parameter, {
                "self": "page_number",
                "first": str(first),
                "prev": "page_number - 1",
                "next": "page_number + 1",
                "last": f"max((page.total - 1) // size, 0) + {first} if size else {first}",
            }[relation]
        if self.offset_parameter:
            return self.offset_parameter, {
                "self": "page.offset",
                "first": "0",
                "prev": "max(page.offset - default(size, page.offset), 0)",
                "next": "page.offset + length(page.items)",
                "last": "max((page.total - 1) // size, 0) * size if size else 0",
            }[relation]
        return (self.after_parameter, f"text({self.key})") if relation == "next" else ("", "")


def _relation(relation: str, address: str, condition: str, before: str = "") -> str:
    if not address:
        return ""
    start, end = quoted(f"{before}<"), quoted(f'>; rel="{relation}"')
    text = f'join([{start}, {address}, {end}], "")'
    return f"{text} if {condition}"

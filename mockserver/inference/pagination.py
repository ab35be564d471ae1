"""How the pages of a list lead to each other."""

from dataclasses import dataclass

from mockserver.inference.expression_text import quoted, said

MORE = "page.offset + length(page.items) < page.total"
"""Whether there is a next page."""
_BEHIND = "page.offset > 0"


@dataclass(frozen=True, slots=True)
class Paging:
    """The expressions that the members of an envelope are made of."""

    page_parameter: str
    offset_parameter: str
    after_parameter: str
    base: int
    """The number of the first page."""
    key: str
    """The last item's key."""

    def link(self, relation: str) -> str:
        """Write the address of another page: null where there is none, empty if nothing says it."""
        address, condition = self.address(relation)
        return f"{address} if {condition} else null" if condition else address

    def address(self, relation: str) -> tuple[str, str]:
        """Write the address of another page, and when there is one."""
        parameter, value = self._target(relation)
        if not parameter:
            return "", ""
        condition = {"next": MORE, "prev": _BEHIND}.get(relation, "")
        return f"request_url({quoted(parameter)}, {value})", condition

    def header(self) -> str:
        """Write a Link header (RFC 8288): null where nothing leads anywhere, empty as `link`."""
        (first, _), (last, _) = self.address("first"), self.address("last")
        ahead = _relation("next", *self.address("next"))
        if not first:
            return said(f"{ahead} else null") if ahead else ""
        behind = _relation("prev", *self.address("prev"), before=", ")
        ahead = _relation("next", *self.address("next"), before=", ")
        between = said(f'{behind} else ""') + said(f'{ahead} else ""')
        return f'<{said(first)}>; rel="first"{between}, <{said(last)}>; rel="last"'

    def _target(self, relation: str) -> tuple[str, str]:
        """Return a parameter and its value on another page."""
        if self.page_parameter:
            return self.page_parameter, {
                "self": "page_number",
                "first": str(self.base),
                "prev": "page_number - 1",
                "next": "page_number + 1",
                "last": f"max((page.total - 1) // size, 0) + {self.base} if size else {self.base}",
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

"""Writes HTML: every text is escaped, so none can become an element."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *content: str, **attributes: str) -> Markup:
    """Make an element; content that is no `Markup` is escaped.

    Args:
        name: The element's.
        content: What is in it.
        attributes: Their names with `_` for `-`; a trailing `_` is dropped: `class_`.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{given}>{join(content)}</{name}>")


def join(content: Iterable[str]) -> Markup:
    """Put texts and elements side by side."""
    return Markup("".join(one if isinstance(one, Markup) else escape(one) for one in content))


def table(heads: list[str], rows: list[list[str]], caption: str = "") -> Markup:
    """Make a table; nothing if it would be empty."""
    if not rows:
        return Markup()
    titles = [tag("th", head, scope="col") for head in heads]
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    told = tag("caption", caption) if caption else Markup()
    inner = join([told, tag("thead", tag("tr", *titles)), tag("tbody", *body)])
    return tag("div", tag("table", inner), class_="wide", tabindex="0", role="region",
               aria_label=caption or "Table")  # fmt: skip


def page(title: str, stylesheet: str, *body: str) -> bytes:
    """Make a whole document."""
    head = join(
        [
            Markup('<meta charset="utf-8">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup('<meta name="color-scheme" content="light dark">'),
            tag("title", title),
            Markup(f'<link rel="stylesheet" href="{escape(stylesheet)}">'),
        ]
    )
    whole = tag("html", tag("head", head), tag("body", *body), lang="en")
    return f"<!doctype html>\n{whole}\n".encode("utf-8", "replace")

"""Build HTML elements and whole pages; all text is escaped, except `Markup` and style sheets.

`contract/coverage_page.py` and `control/reference_page.py` build documents with `html_document`;
`verbs/consent_page.py` and `verbs/review_page.py` build small pages with `html_page`, which are
sent with `HEADERS` (`engine/rendering.py`, `verbs/review.py`, `verbs/oauth_authorize.py`). No page
has a script. Tag and attribute names are not escaped: they must be constants.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape

_VOID = frozenset(("br", "img", "input", "link", "meta"))
"""Elements without content or an end tag."""


class Markup(str):
    """Text that is already HTML; as content, it is not escaped again."""

    __slots__ = ()


def join(content: Iterable[str]) -> Markup:
    """Concatenate texts and elements; escape all that is not `Markup`."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in content))


def tag(name: str, /, *content: str, **attributes: str | bool) -> Markup:
    """Return an element.

    Args:
        name: Its tag name.
        content: Texts, which are escaped, and elements.
        attributes: `_` in a name becomes `-`; a `_` at its end is removed, as in `class_`.
            True writes only the name; False omits the attribute.
    """
    start = f"<{name}{''.join(map(_attribute, attributes.items()))}>"
    return Markup(start if name in _VOID else f"{start}{join(content)}</{name}>")


def _attribute(item: tuple[str, str | bool]) -> str:
    keyword, value = item
    if value is False:
        return ""
    name = keyword.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> Markup:
    """Return a table in a scrollable box; empty markup if there are no rows."""
    if not rows:
        return Markup()
    titles = [tag("th", head, scope="col") for head in heads]
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    title = tag("caption", caption) if caption else Markup()
    inner = join([title, tag("thead", tag("tr", *titles)), tag("tbody", *body)])
    return tag("div", tag("table", inner), class_="wide", tabindex="0", role="region",
               aria_label=caption or "Table")  # fmt: skip


def linked_style(address: str) -> Markup:
    """Return the head element that loads a style sheet."""
    return tag("link", rel="stylesheet", href=address)


def inline_style(css: str) -> Markup:
    """Return the head element that contains a style sheet; `css` is not escaped."""
    return tag("style", Markup(css))


def style_policy(css: str) -> str:
    """Return the Content-Security-Policy that allows one inline style sheet and nothing else."""
    digest = b64encode(sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'"


def html_document(title: str, *body: str, head: Iterable[str] = ()) -> str:
    """Return a whole document, with the elements of `head` after its title."""
    inner = join(
        [
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", title),
            *head,
        ]
    )
    document = tag("html", tag("head", inner), tag("body", *body), lang="en")
    return f"<!doctype html>\n{document}\n"


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:3rem auto;padding:0 1rem}"
    "h1{font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}"
    "a.button,button{display:inline-block;font:inherit;padding:.5rem 1.5rem;border-radius:.4rem;"
    "text-decoration:none;margin-right:1rem;border:1px solid #0f766e;color:#0f766e;"
    "background:#fff;cursor:pointer}"
    "a.main,button{background:#0f766e;color:#fff}"
    ":focus-visible{outline:3px solid #f59e0b;outline-offset:2px}"
    "label,legend{display:block;font-weight:600;margin:1rem 0 .3rem;padding:0}"
    "fieldset{border:0;margin:0;padding:0}"
    "input[type=text],textarea{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;"
    "border:1px solid #767676;border-radius:.4rem}"
    "textarea{min-height:8rem}"
    ".stars{display:flex}"
    ".stars input{position:absolute;opacity:0}"
    ".stars label{font-size:2.2rem;line-height:1;margin:0;padding:0 .15rem;color:#767676;"
    "cursor:pointer}"
    ".visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    ".stars:has(:checked) label{color:#c2410c}"
    ".stars input:checked+label~label{color:#767676}"
    ".stars input:focus-visible+label{outline:3px solid #f59e0b}"
    "blockquote{margin:1rem 0;padding-left:1rem;border-left:3px solid #c2410c;"
    "white-space:pre-wrap;overflow-wrap:anywhere}"
    ".note{font-size:.85rem;border-top:1px solid #999;margin-top:2rem;padding-top:.7rem}"
    "@media(prefers-color-scheme:dark){body{background:#101413;color:#e8ecea}"
    "a.button{background:transparent;color:#5eead4;border-color:#5eead4}"
    "a.main,button{background:#0f766e;color:#fff;border-color:#5eead4}"
    "input[type=text],textarea{background:#181d1c;color:#e8ecea}"
    ".stars label,.stars input:checked+label~label{color:#9ca3af}"
    ".stars:has(:checked) label{color:#fb923c}}"
)
CONTENT_TYPE = "text/html; charset=utf-8"
HEADERS = (
    ("Content-Type", CONTENT_TYPE),
    (
        "Content-Security-Policy",
        f"{style_policy(_STYLE)}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
"""Headers of an answer whose body is an `html_page`."""


def html_page(title: str, body: str, note: str) -> bytes:
    """Return a small page without scripts or external files, with a note at its foot.

    Send it with `HEADERS`, which allow its style sheet and its forms.
    """
    main = tag("main", tag("h1", title), body)
    footer = tag("footer", note, class_="note")
    page = html_document(title, main, footer, head=[inline_style(_STYLE)])
    return page.encode("utf-8", "replace")

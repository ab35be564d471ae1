"""Small pages for people: no scripts, nothing from elsewhere, all text escaped."""

from base64 import b64encode
from hashlib import sha256
from html import escape

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
    ".told{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
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
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_FENCE = "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
CONTENT_TYPE = "text/html; charset=utf-8"
HEADERS = (
    ("Content-Type", CONTENT_TYPE),
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src 'sha256-{_HASH}'; {_FENCE}",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)


def html_page(title: str, body: str, note: str) -> bytes:
    """Write a page; title and note are text, the body is markup in which all text is escaped."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<main><h1>{escape(title)}</h1>{body}</main>"
        f'<footer class="note">{escape(note)}</footer></html>'
    ).encode("utf-8", "replace")

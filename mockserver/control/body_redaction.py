"""Write the bodies of an exchange as they are shown, without secrets; never change the exchange.

- In: an exchange. Out: a JSON value, or a text. Callers: `exchange_views.py`, `har.py`, and
  `verify_calls.py`.
- In a request, values of secret names are masked, as its media type demands: members, fields,
  parts, elements, attributes. What cannot be read is masked as text. An answer keeps such values.
- In both, a credential of the request (headers, cookies, query, by scheme or name) is hidden
  in all texts, but not in names of members, if it has at least 6 characters. Texts are cut off
  after 100,000 bytes, never within such a credential; JSON is not.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, quote_plus

from mockserver.base.credentials import SANDBOX_MARK
from mockserver.base.http import (
    FORM,
    MediaType,
    cookie_pairs,
    is_json_lines,
    is_json_sequence,
    is_xml,
    media_type,
)
from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED, names_secret
from mockserver.control.redaction import redacted, redacted_query, secret_parameters
from mockserver.model.exchange import Exchange
from mockserver.model.messages import Request
from mockserver.model.refusal import Refusal
from mockserver.wire.media import parse_json

_MAX_TEXT_BYTES = 100_000
_SHORTEST_SECRET = 6
"""Characters of a credential that is masked wherever it occurs; shorter ones are also words."""
_RECORD_SEPARATOR = "\x1e"
_NAME = re.compile(r"(?<![\w.-])([\w.-]{1,64})[\"']?\s{0,3}[=:]\s{0,3}")
"""A name in a text of any form, up to its value."""
_VALUE = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[\[{][\s\S]*|[^\s&;,<>\"'\]}]+")
"""A value in a text of any form; one in brackets goes to the end of the text."""
_TAG = re.compile(r"<(?P<name>[A-Za-z_][\w:.-]{0,200})(?=[\s/>])")
_PART_NAME = re.compile(r'\bname="?([^";\r\n]{0,200})', re.IGNORECASE)
_PART_TYPE = re.compile(r"^content-type:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def shown_request_body(exchange: Exchange) -> JsonValue:
    """Return the body of a request without secrets: a JSON value, or a text."""
    request = exchange.request
    content_type = media_type(request.headers.get("content-type", ""))
    known = _known_credentials(exchange)
    text = _text(request.body, known)
    shown = _request_body(request.body, text, content_type, secret_parameters(exchange))
    return _without(known, shown)


def shown_answer_body(exchange: Exchange) -> JsonValue:
    """Return the body of an answer; only credentials that the request presented are hidden."""
    known = _known_credentials(exchange)
    try:
        value = parse_json(exchange.answer.body)
    except Refusal:
        value = _text(exchange.answer.body, known)
    return _without(known, value)


def without_credentials(exchange: Exchange, value: JsonValue) -> JsonValue:
    """Return a value in whose texts the credentials that the request presented are hidden."""
    return _without(_known_credentials(exchange), value)


def _known_credentials(exchange: Exchange) -> list[str]:
    """Return the values of the credentials that a request presents, longest first."""
    found: set[str] = set()
    for value in _presented(exchange.request, secret_parameters(exchange)):
        found |= {value, value.rpartition(SANDBOX_MARK)[0]}
    return sorted((one for one in found if len(one) >= _SHORTEST_SECRET), key=len, reverse=True)


def _presented(request: Request, secrets: frozenset[str]) -> Iterator[str]:
    for name, value in request.headers.items():
        if name in secrets or names_secret(name):
            scheme, _, rest = value.partition(" ")
            yield from (value, rest.strip())
            if scheme.lower() == "basic":
                yield from _basic(rest.strip())
    for name, value in cookie_pairs(request.headers.get("cookie", "")):
        if name.lower() in secrets or names_secret(name):
            yield value
    for name, value in parse_qsl(request.query):
        if name.lower() in secrets or names_secret(name):
            yield value


def _basic(value: str) -> Iterator[str]:
    try:
        yield b64decode(value).decode().partition(":")[2]
    except ValueError:
        return


def _without(known: list[str], value: JsonValue) -> JsonValue:
    """Replace known credentials in all texts of a value."""
    if not known:
        return value
    if isinstance(value, str):
        for one in known:
            for form in _forms(one):
                value = value.replace(form, REDACTED)
        return value
    if isinstance(value, dict):
        return {key: _without(known, member) for key, member in value.items()}
    return [_without(known, item) for item in value] if isinstance(value, list) else value


def _forms(credential: str) -> tuple[str, str, str]:
    """Return a credential as it is, and as URLs and forms encode it."""
    return credential, quote(credential, safe=""), quote_plus(credential)


def _request_body(
    body: bytes, text: str, content_type: MediaType, secrets: frozenset[str]
) -> JsonValue:
    """Mask the values of secret names; `text` is the body as a text, which may be cut off."""
    name = content_type.name
    if name == FORM:
        return redacted_query(text, secrets)
    if name.startswith("multipart/") and (boundary := content_type.parameters.get("boundary")):
        return _parts(text, boundary, secrets)
    if is_xml(name):
        return _xml(text)
    if is_json_lines(name) or is_json_sequence(name):
        return "\n".join(map(_line, text.split("\n")))
    try:
        return redacted(parse_json(body))
    except Refusal:
        return _masked_text(text)


def _text(body: bytes, known: list[str]) -> str:
    """Return a body as a text, cut off before a known credential rather than within it."""
    end = _MAX_TEXT_BYTES
    if len(body) > end:
        forms = {form.encode("utf-8", "replace") for one in known for form in _forms(one)}
        while (start := min((_cut_start(body, form, end) for form in forms), default=end)) < end:
            end = start
    return body[:end].decode("utf-8", "replace")


def _cut_start(body: bytes, form: bytes, end: int) -> int:
    """Return where a text starts that a cut at `end` would divide; `end` if it divides none."""
    start = body.find(form, max(0, end - len(form) + 1), end + len(form) - 1)
    return end if start < 0 else start


def _masked_text(text: str) -> str:
    """Mask the values of secret names in a text of unknown form."""
    shown: list[str] = []
    done = 0
    for name in _NAME.finditer(text):
        if name.start() < done or not names_secret(name[1]):
            continue
        if value := _VALUE.match(text, name.end()):
            shown += [text[done : name.end()], REDACTED]
            done = value.end()
    return "".join([*shown, text[done:]])


def _line(line: str) -> str:
    content = line.strip(f"{_RECORD_SEPARATOR}\r")
    if not content:
        return line
    try:
        value = redacted(parse_json(content.encode()))
    except Refusal:
        return _masked_text(line)
    mark = _RECORD_SEPARATOR if line.startswith(_RECORD_SEPARATOR) else ""
    return mark + json.dumps(value, ensure_ascii=False)


def _parts(text: str, boundary: str, secrets: frozenset[str]) -> str:
    """Redact the parts of a multipart body (RFC 2046, section 5.1), each by its own type."""
    mark = f"--{boundary}"
    first, *parts = text.split(mark)
    return mark.join([_masked_text(first), *(_part(part, secrets) for part in parts)])


def _part(part: str, secrets: frozenset[str]) -> str:
    blank = re.search(r"\r?\n\r?\n", part)
    if blank is None:
        return _masked_text(part)
    head, content = part[: blank.end()], part[blank.end() :]
    end = content[len(content.rstrip("\r\n")) :]
    name = _PART_NAME.search(head)
    if name and (name[1].lower() in secrets or names_secret(name[1])):
        return f"{head}{REDACTED}{end}"
    kind = _PART_TYPE.search(head)
    if kind is None:
        return f"{head}{_masked_text(content)}"
    content = content.rstrip("\r\n")
    shown = _request_body(content.encode(), content, media_type(kind[1]), secrets)
    if not isinstance(shown, str):
        shown = json.dumps(shown, ensure_ascii=False)
    return f"{head}{shown}{end}"


def _xml(text: str) -> str:
    """Mask the content of elements and the values of attributes with secret names."""
    shown: list[str] = []
    done = 0
    for tag in _TAG.finditer(text):
        name = tag["name"]
        if tag.start() < done or not names_secret(name.rpartition(":")[2]):
            continue
        opened = text.find(">", tag.end())
        if opened < 0 or text[opened - 1] == "/":
            continue
        closed = text.find(f"</{name}", opened)
        closed = len(text) if closed < 0 else closed
        shown += [_masked_attributes(text[done : opened + 1]), REDACTED]
        done = closed
    return "".join([*shown, _masked_attributes(text[done:])])


_ATTRIBUTE = re.compile(r"(?<=\s)([\w:.-]{1,200})(\s{0,3}=\s{0,3})(\"[^\"<]*\"?|'[^'<]*'?)")


def _masked_attributes(text: str) -> str:
    """Mask the values of attributes with secret names."""
    return _ATTRIBUTE.sub(
        lambda found: (
            f'{found[1]}{found[2]}"{REDACTED}"'
            if names_secret(found[1].rpartition(":")[2])
            else found[0]
        ),
        text,
    )

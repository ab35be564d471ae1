"""Values as the bytes of a media type."""

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode

import orjson

from mockserver.base.http import FORM, essence, is_json, is_json_lines, is_json_sequence, is_xml
from mockserver.base.json import JsonValue

_SEPARATOR = b"\x1e"
"""Begins every text of a JSON text sequence (RFC 7464, section 2.2)."""
_EVENT_FIELDS = ("event", "id", "retry", "data")
_TEXTUAL = ("text/", "application/javascript", "application/yaml", "multipart/")
_BOUNDARY = "mockserver-part"
_OWN_BOUNDARY = re.compile(rb"\s*--([0-9A-Za-z'+_.-]{1,70})[ \t]*\r?\n")
"""What an example that is written out puts between its parts (RFC 2046, section 5.1.1)."""


def is_text(media_type: str) -> bool:
    """Tell whether a media type, without parameters, is text of some kind and no binary file."""
    if media_type.startswith(_TEXTUAL) or _writer(media_type) is not None:
        return True
    return is_json(media_type) or is_xml(media_type)


def with_charset(content_type: str) -> str:
    """Name the character set of a text that does not say its own (RFC 9110, section 8.3.2)."""
    if content_type.lower().startswith("text/") and "charset" not in content_type.lower():
        return f"{content_type}; charset=utf-8"
    return content_type


def write(
    value: JsonValue, content_type: str, write_xml: Callable[[JsonValue], str] | None = None
) -> bytes:
    """Write a body: bytes as they are, text as it is but for JSON, anything else by its type."""
    if isinstance(value, bytes):
        return value
    media_type = essence(content_type)
    if is_json(media_type):
        return json_bytes(value)
    if (writer := _writer(media_type)) is not None:
        return writer(value)
    is_markup = isinstance(value, str) and value.lstrip().startswith("<")
    if write_xml is not None and is_xml(media_type) and not is_markup:
        return write_xml(value).encode("utf-8", "replace")
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return _multipart(value) if media_type.startswith("multipart/") else json_bytes(value)


def sent_type(content_type: str, content: bytes = b"") -> str:
    """Return the media type as it is sent, with what a reader of the content must know."""
    if content_type.lower().startswith("multipart/") and "boundary" not in content_type.lower():
        own = _OWN_BOUNDARY.match(content)
        boundary = own[1].decode() if own else _BOUNDARY
        return f"{content_type}; boundary={boundary}"
    return with_charset(content_type)


def json_bytes(value: JsonValue) -> bytes:
    """Write a value as JSON, whatever it holds."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # an integer beyond 64 bits, or half of a surrogate pair
        import json  # noqa: PLC0415 - hardly ever needed

        return json.dumps(value, separators=(",", ":")).encode()


def _items(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _lines(value: JsonValue) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return b"".join(json_bytes(item) + b"\n" for item in _items(value))


def _sequence(value: JsonValue) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return b"".join(_SEPARATOR + json_bytes(item) + b"\n" for item in _items(value))


def _events(value: JsonValue) -> bytes:
    """Write server-sent events (HTML standard, section 9.2.5)."""
    if isinstance(value, str):
        return value.encode()
    return "".join(_event(item) for item in _items(value)).encode()


def _event(item: JsonValue) -> str:
    is_event = isinstance(item, dict) and "data" in item and item.keys() <= {*_EVENT_FIELDS}
    fields = item if is_event else {"data": item}
    lines = []
    for name in _EVENT_FIELDS:
        if name in fields:
            told = _text(fields[name]).splitlines() or [""]
            lines += [f"{name}: {line}\n" for line in told]
    return "".join(lines) + "\n"


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json_bytes(value).decode()


def _form(value: JsonValue) -> bytes:
    """Write a form; an array repeats its name."""
    if not isinstance(value, dict):
        return _text(value).encode()
    pairs = [(name, _text(item)) for name, member in value.items() for item in _items(member)]
    return urlencode(pairs).encode()


def _table(value: JsonValue) -> bytes:
    """Write comma-separated values (RFC 4180), with a head if the rows have names."""
    if not isinstance(value, list | dict):
        return _text(value).encode()
    import csv  # noqa: PLC0415 - few APIs answer tables
    import io  # noqa: PLC0415 - likewise

    rows = _items(value)
    written = io.StringIO()
    table = csv.writer(written)
    if rows and all(isinstance(row, dict) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        table.writerow(names)
        rows = [[row.get(name) for name in names] for row in rows]
    table.writerows(_cells(row) for row in rows)
    return written.getvalue().encode()


def _cells(row: JsonValue) -> Iterable[str]:
    return ["" if cell is None else _text(cell) for cell in _items(row)]


def _multipart(value: JsonValue) -> bytes:
    """Write the members of an object as the parts of a message (RFC 2046, section 5.1)."""
    members = value.items() if isinstance(value, dict) else enumerate(_items(value))
    parts = []
    for name, member in members:
        kind = "text/plain" if isinstance(member, str) else "application/json"
        head = f'Content-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}'
        parts.append(f"--{_BOUNDARY}\r\n{head}\r\n\r\n{_text(member)}\r\n")
    return f"{''.join(parts)}--{_BOUNDARY}--\r\n".encode()


_WRITERS: Mapping[str, Callable[[JsonValue], bytes]] = {
    "text/event-stream": _events,
    FORM: _form,
    "text/csv": _table,
}


def _writer(media_type: str) -> Callable[[JsonValue], bytes] | None:
    if is_json_lines(media_type):
        return _lines
    return _sequence if is_json_sequence(media_type) else _WRITERS.get(media_type)

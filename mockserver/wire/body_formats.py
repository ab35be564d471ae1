"""Write bodies in formats other than JSON and XML: lines, events, forms, tables, multipart.

`media.py` calls `writer_of`, which returns the function for a media type, or None, and
`multipart_bytes`, which writes parts at the fixed `BOUNDARY`. A JSON value goes in, bytes come out.
A string is taken as the complete body, except in multipart. `media_families.py` asks what can be
written, and puts `BOUNDARY` into the Content-Type. Nothing is read, validated or refused here.
"""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode

from mockserver.base.http import FORM, is_json_lines, is_json_sequence
from mockserver.base.json import JsonValue
from mockserver.wire.media import json_bytes

BOUNDARY = "mockserver-part"
"""Boundary of the multipart bodies that are written here."""
_RECORD_SEPARATOR = b"\x1e"
"""Precedes every text of a JSON text sequence (RFC 7464, section 2.2)."""
_IN_PART_NAMES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""Escapes in the name of a part (HTML standard, section 4.10.21.8)."""
_EVENT_FIELDS = ("event", "id", "retry", "data")


def _as_list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _as_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json_bytes(value).decode()


def _utf8(text: str) -> bytes:
    """Encode a text; half of a surrogate pair becomes `?`."""
    return text.encode("utf-8", "replace")


def _json_lines_bytes(value: JsonValue) -> bytes:
    if isinstance(value, str):
        return _utf8(value)
    return b"".join(json_bytes(item) + b"\n" for item in _as_list(value))


def _json_sequence_bytes(value: JsonValue) -> bytes:
    if isinstance(value, str):
        return _utf8(value)
    return b"".join(_RECORD_SEPARATOR + json_bytes(item) + b"\n" for item in _as_list(value))


def _event_stream_bytes(value: JsonValue) -> bytes:
    """Write server-sent events (HTML standard, section 9.2.5)."""
    if isinstance(value, str):
        return _utf8(value)
    return _utf8("".join(_event_text(item) for item in _as_list(value)))


def _event_text(item: JsonValue) -> str:
    is_event = isinstance(item, dict) and "data" in item and item.keys() <= {*_EVENT_FIELDS}
    fields = item if is_event else {"data": item}
    lines = []
    for name in _EVENT_FIELDS:
        if name in fields:
            texts = _as_text(fields[name]).splitlines() or [""]
            lines += [f"{name}: {line}\n" for line in texts]
    return "".join(lines) + "\n"


def _form_bytes(value: JsonValue) -> bytes:
    """Write a form; each item of an array is a field of its own."""
    if not isinstance(value, dict):
        return _utf8(_as_text(value))
    pairs = [(name, _as_text(item)) for name, member in value.items() for item in _as_list(member)]
    return urlencode(pairs, errors="replace").encode()


def _csv_bytes(value: JsonValue) -> bytes:
    """Write comma-separated values (RFC 4180), with a header line if every row is an object."""
    if not isinstance(value, list | dict):
        return _utf8(_as_text(value))
    import csv  # noqa: PLC0415 - few APIs answer tables
    import io  # noqa: PLC0415 - few APIs answer tables

    rows = _as_list(value)
    written = io.StringIO()
    table = csv.writer(written)
    if rows and all(isinstance(row, dict) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        table.writerow(names)
        rows = [[row.get(name) for name in names] for row in rows]
    table.writerows(_csv_cells(row) for row in rows)
    return _utf8(written.getvalue())


def _csv_cells(row: JsonValue) -> Iterable[str]:
    return ["" if cell is None else _as_text(cell) for cell in _as_list(row)]


def multipart_bytes(value: JsonValue) -> bytes:
    """Write each member of an object as one part (RFC 2046, section 5.1)."""
    members = value.items() if isinstance(value, dict) else enumerate(_as_list(value))
    parts = []
    for name, member in members:
        part_type = "text/plain" if isinstance(member, str) else "application/json"
        part_name = str(name).translate(_IN_PART_NAMES)
        head = f'Content-Disposition: form-data; name="{part_name}"\r\nContent-Type: {part_type}'
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n{_as_text(member)}\r\n")
    return _utf8(f"{''.join(parts)}--{BOUNDARY}--\r\n")


_WRITERS: Mapping[str, Callable[[JsonValue], bytes]] = {
    "text/event-stream": _event_stream_bytes,
    FORM: _form_bytes,
    "text/csv": _csv_bytes,
}


def writer_of(name: str) -> Callable[[JsonValue], bytes] | None:
    """Return the function that writes a media type (without parameters); None for other types."""
    if is_json_lines(name):
        return _json_lines_bytes
    return _json_sequence_bytes if is_json_sequence(name) else _WRITERS.get(name)

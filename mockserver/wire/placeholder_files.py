"""Make minimal files of common media types, for documented answers without an example.

`engine/documented_answers.py` calls `smallest`, which returns bytes: a valid file for the types in
`FILES`, 256 fixed bytes for others. Files are made in memory; nothing is read from disk.
"""

import struct
import zlib
from collections.abc import Callable, Mapping

from mockserver.base.http import essence

_OTHER_TYPES = bytes(range(256))
"""The file for any other binary type."""


def smallest(media_type: str) -> bytes:
    """Return a minimal valid file of a media type, or 256 fixed bytes for an unknown type."""
    make = _FILES.get(essence(media_type))
    return make() if make else _OTHER_TYPES


def _png() -> bytes:
    """One grey pixel (RFC 2083)."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\x80")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def _jpeg() -> bytes:
    """One grey pixel, with tables of a single code each (ITU-T T.81, annex B)."""
    table = b"\x01" + bytes(15) + b"\x00"
    segments = (
        (0xDB, b"\x00" + b"\x01" * 64),
        (0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00"),
        (0xC4, b"\x00" + table),
        (0xC4, b"\x10" + table),
        (0xDA, b"\x01\x01\x00\x00\x3f\x00"),
    )
    body = b"".join(
        struct.pack(">BBH", 0xFF, mark, len(data) + 2) + data for mark, data in segments
    )
    return b"\xff\xd8" + body + b"\x3f\xff\xd9"


def _gif() -> bytes:
    """One pixel of two colours (GIF89a)."""
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\x80\x80\x80\xff\xff\xff"
    image = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + screen + image + b";"


def _svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def _pdf() -> bytes:
    """One empty page (ISO 32000-1, section 7.5)."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] /Resources << >> >>",
    )
    text, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(text))
        text += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 4\n0000000000 65535 f \n" + rows
    end = b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(text)
    return text + table + end


def _zip() -> bytes:
    return b"PK\x05\x06" + bytes(18)


def _gzip() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(b"") + packer.flush()


_FILES: Mapping[str, Callable[[], bytes]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/jpg": _jpeg,
    "image/gif": _gif,
    "image/svg+xml": _svg,
    "application/pdf": _pdf,
    "application/zip": _zip,
    "application/gzip": _gzip,
}
FILES = frozenset(_FILES)
"""Media types for which a valid file can be made."""

import gzip
import io
import zipfile
import zlib

import pytest

from mockserver.wire.placeholder_files import FILES, smallest

BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/jpg": b"\xff\xd8\xff",
    "image/gif": b"GIF89a",
    "image/svg+xml": b"<svg ",
    "application/pdf": b"%PDF-1.4",
    "application/zip": b"PK\x05\x06",
    "application/gzip": b"\x1f\x8b",
}


def test_every_type_has_a_beginning_to_compare() -> None:
    assert set(BEGINNINGS) == FILES


@pytest.mark.parametrize("media_type", sorted(FILES))
def test_a_file_begins_as_its_type_does_and_is_always_the_same(media_type: str) -> None:
    made = smallest(media_type)

    assert made.startswith(BEGINNINGS[media_type])
    assert made == smallest(f"{media_type.upper()}; q=1")


def test_archives_are_empty() -> None:
    assert zipfile.ZipFile(io.BytesIO(smallest("application/zip"))).namelist() == []
    assert gzip.decompress(smallest("application/gzip")) == b""


def test_the_chunks_of_the_png_have_their_checksums() -> None:
    rest = smallest("image/png")[8:]
    names = []
    while rest:
        size = int.from_bytes(rest[:4])
        names.append(rest[4:8])
        assert zlib.crc32(rest[4 : 8 + size]) == int.from_bytes(rest[8 + size : 12 + size])
        rest = rest[12 + size :]

    assert names == [b"IHDR", b"IDAT", b"IEND"]


def test_the_table_of_the_pdf_points_at_its_objects() -> None:
    made = smallest("application/pdf")
    table = made[int(made.split(b"startxref\n")[1].split(b"\n")[0]) :].splitlines()

    for number, row in enumerate(table[3:6], 1):
        assert made[int(row[:10]) :].startswith(b"%d 0 obj" % number)


def test_any_other_binary_type_is_every_byte_once() -> None:
    assert smallest("application/octet-stream") == bytes(range(256))

import gzip
import zlib

import pytest

from mockserver.model.messages import Request
from mockserver.wire.content_codings import decoded

LIMIT = 1_000


def undone(body: bytes, coding: str) -> Request:
    return decoded(Request("POST", "/", "", {"content-encoding": coding}, body), LIMIT)


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"hello", mtime=0), "gzip"),
        (gzip.compress(b"hello", mtime=0), "X-GZIP"),
        (gzip.compress(b"hel", mtime=0) + gzip.compress(b"lo", mtime=0), "gzip"),
        (zlib.compress(b"hello"), "deflate"),
        (raw_deflate(b"hello"), "deflate"),
        (gzip.compress(zlib.compress(b"hello"), mtime=0), "deflate, gzip"),
        (b"hello", "identity"),
        (b"hello", ""),
    ],
)
def test_a_coding_is_undone(body: bytes, coding: str) -> None:
    assert undone(body, coding).body == b"hello"


def test_a_body_of_the_limit_is_read_and_a_longer_one_is_too_large() -> None:
    assert len(undone(gzip.compress(b"x" * LIMIT, mtime=0), "gzip").body) == LIMIT
    assert undone(gzip.compress(b"x" * (LIMIT + 1)), "gzip").too_large


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_is_not_unpacked(coding: str) -> None:
    bomb = b"\0" * 50_000_000
    packed = zlib.compress(bomb) if coding == "deflate" else gzip.compress(bomb, mtime=0)
    found = undone(gzip.compress(packed, mtime=0) if "," in coding else packed, coding)

    assert (found.too_large, found.body) == (True, b"")


@pytest.mark.parametrize(
    ("body", "coding", "kind"),
    [
        (b"hello", "gzip", "malformed"),
        (gzip.compress(b"hello", mtime=0)[:-9], "gzip", "malformed"),
        (gzip.compress(b"", mtime=0) * 500_000, "gzip", "malformed"),
        (b"hello", "br", "unsupported_media_type"),
        (b"hello", "gzip, gzip, gzip, gzip", "unsupported_media_type"),
    ],
    ids=["not gzip", "cut off", "endless members", "another coding", "many codings"],
)
def test_what_cannot_be_undone_is_noted(body: bytes, coding: str, kind: str) -> None:
    refusal = undone(body, coding).unread

    assert refusal is not None
    assert refusal.kind == kind


def test_nothing_is_undone_of_an_empty_body() -> None:
    assert undone(b"", "br").unread is None

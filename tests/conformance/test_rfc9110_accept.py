"""Content negotiation as RFC 9110 says, section 12.5.1; each row names its section."""

import pytest

from mockserver.wire.negotiation import Choice, negotiate, ranges_of

PREFERRED = (
    "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, "
    "text/plain;format=fixed;q=0.4, */*;q=0.5"
)
"""The example of the section, with the qualities that it gives."""


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("text/plain;format=flowed", "text/plain"),
        ("text/plain", "image/jpeg"),
        ("image/jpeg", "text/plain;format=fixed"),
        ("text/plain;format=fixed", "text/html"),
        ("text/plain;format=flowed", "text/html;level=3"),
        ("image/jpeg", "text/html;level=3"),
    ],
)
def test_section_12_5_1_the_qualities_of_its_table(better: str, worse: str) -> None:
    assert negotiate([worse, better], PREFERRED) == Choice(1, better)
    assert negotiate([better, worse], PREFERRED) == Choice(0, better)


JSON, TEXT, PNG = "application/json", "text/plain", "image/png"
ROWS = [
    ("12.5.1 without the field anything does", "", [TEXT, JSON], TEXT),
    ("12.5.1 */* is any type", "*/*", [TEXT, JSON], TEXT),
    ("12.5.1 type/* is any subtype", "image/*", [TEXT, PNG], PNG),
    (
        "12.5.1 the example audio/*; q=0.2, audio/basic",
        "audio/*; q=0.2, audio/basic",
        ["audio/ogg", "audio/basic"],
        "audio/basic",
    ),
    (
        "12.5.1 the example with text/x-dvi",
        "text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c",
        [TEXT, "text/x-dvi", "text/x-c"],
        "text/x-c",
    ),
    (
        "12.5.1 a more specific range overrides",
        "text/*, text/plain;q=0.1",
        [TEXT, "text/html"],
        "text/html",
    ),
    ("12.5.1 nothing acceptable", "text/html", [JSON], None),
    ("12.4.2 q=0 is not acceptable", "*/*, application/json;q=0", [JSON, TEXT], TEXT),
    ("12.4.2 q=0 of everything", "*/*;q=0", [JSON], None),
    (
        "12.4.2 three digits count",
        "text/plain;q=0.001, application/json;q=0.002",
        [TEXT, JSON],
        JSON,
    ),
    ("12.4.2 without q it is 1", "text/plain;q=0.999, application/json", [TEXT, JSON], JSON),
    (
        "12.4.2 spaces stand around the semicolon",
        "text/plain ; q=0.1 , application/json ; q=1.000",
        [TEXT, JSON],
        JSON,
    ),
    ("12.4.2 q in upper case", "text/plain;Q=0.1, application/json;q=0.2", [TEXT, JSON], JSON),
    (
        "12.4.2 a quality above 1 is malformed",
        "text/plain;q=2, application/json",
        [TEXT, JSON],
        JSON,
    ),
    (
        "12.4.2 a quality that is none is malformed",
        "text/plain;q=high, application/json",
        [TEXT, JSON],
        JSON,
    ),
    ("5.6.1 empty elements are ignored", ", ,application/json,,", [TEXT, JSON], JSON),
    (
        "5.3 several lines are joined",
        "text/html, application/json;q=0.5, text/plain;q=0.6",
        [JSON, TEXT],
        TEXT,
    ),
    ("8.3.1 types are compared without case", "Application/JSON", [TEXT, JSON], JSON),
    (
        "8.3.1 a quoted parameter is the same",
        'text/plain;format="flowed"',
        [TEXT, "text/plain;format=flowed"],
        "text/plain;format=flowed",
    ),
    ("8.3.1 a comma inside quotes", 'text/html;x="a,b", application/json', [TEXT, JSON], JSON),
    ("custom: a parameter that the document lacks", "text/plain;format=flowed", [TEXT], TEXT),
    ("8.3.1 a parameter with another value", "a/b;x=1", ["a/b;x=2"], None),
    ("8.3.2 a charset that is not offered apart", "application/json;charset=UTF-8", [JSON], JSON),
    ("12.5.1 a range without a slash is ignored", "json, text/plain", [JSON, TEXT], TEXT),
    ("12.5.1 */json is no range", "*/json, text/plain", [JSON, TEXT], TEXT),
    ("12.5.1 all malformed is as if there were none", "json;;;, ///", [JSON, TEXT], JSON),
    ("12.5.1 equal qualities: the closest range", "*/*, text/plain", [JSON, TEXT], TEXT),
    ("12.5.1 equal ranges: the client's order", "text/plain, application/json", [JSON, TEXT], TEXT),
    ("custom: a star alone, and a quality without a zero", "text/html, *; q=.2", [JSON], JSON),
]


@pytest.mark.parametrize(
    ("accept", "offered", "chosen"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_media_type_is_chosen(accept: str, offered: list[str], chosen: str | None) -> None:
    found = negotiate(offered, accept)

    assert (None if found is None else found.media_type) == chosen


@pytest.mark.parametrize(
    ("accept", "offered", "chosen"),
    [
        (JSON, ["application/hal+json"], "application/hal+json"),
        ("application/vnd.shop.v2+json", [JSON], JSON),
        (JSON, ["application/hal+json", JSON], JSON),
        (
            "application/*, application/hal+json",
            [JSON, "application/hal+json"],
            "application/hal+json",
        ),
        ("application/xml", ["application/atom+xml"], "application/atom+xml"),
        ("application/xml", ["application/hal+json"], None),
        ("text/json", [JSON], None),
    ],
)
def test_a_suffix_names_what_a_type_is_made_of(
    accept: str, offered: list[str], chosen: str | None
) -> None:
    found = negotiate(offered, accept)

    assert (None if found is None else found.media_type) == chosen


@pytest.mark.parametrize(
    ("offered", "accept", "sent"),
    [
        ("*/*", "", "application/json"),
        ("*/*", "text/plain", "text/plain"),
        ("application/*", "*/*", "application/json"),
        ("text/*", "", "text/plain"),
        ("image/*", "image/png", "image/png"),
        ("image/*", "image/*", "image/png"),
        ("audio/*", "audio/*", "application/octet-stream"),
        ("Application/Json; Charset=utf-8", "application/json", "Application/Json; Charset=utf-8"),
    ],
)
def test_what_is_sent_is_a_type_and_no_range(offered: str, accept: str, sent: str) -> None:
    assert negotiate([offered], accept) == Choice(0, sent)


def test_a_long_header_is_read_in_part() -> None:
    assert len(ranges_of("a/b," * 5_000)) == 100

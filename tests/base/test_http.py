import pytest

from mockserver.base.http import cookie_pairs, essence, media_type, scheme_of


@pytest.mark.parametrize(
    ("text", "name", "parameters"),
    [
        ("application/json", "application/json", {}),
        (" Text/HTML ;Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('a/b; c="d;e\\"f"; g=h', "a/b", {"c": 'd;e"f', "g": "h"}),
        ("a/b; c=1; c=2", "a/b", {"c": "1"}),
        ("a/b;;c = 1 ; d", "a/b", {"c": "1", "d": ""}),
        ('a/b; c="', "a/b", {"c": '"'}),
        ("", "", {}),
    ],
)
def test_a_media_type_is_read(text: str, name: str, parameters: dict[str, str]) -> None:
    found = media_type(text)

    assert (found.name, found.parameters) == (name, parameters)
    assert essence(text) == name


@pytest.mark.parametrize(
    ("ranges", "given", "chosen"),
    [
        (["*/*", "text/*", "text/plain"], "text/plain", "text/plain"),
        (["*/*", "text/*", "text/plain"], "text/csv", "text/*"),
        (["*/*", "text/*"], "image/png", "*/*"),
        (["a/b", "a/b; v=2"], "a/b; v=2", "a/b; v=2"),
        (["a/b", "a/b; v=2"], "a/b; v=1", "a/b"),
        (["a/b; v=2"], "a/b", None),
        (["a/b; charset=utf-8"], "a/b", "a/b; charset=utf-8"),
        (["text/*"], "texts/plain", None),
    ],
)
def test_the_closest_range_describes_a_type(
    ranges: list[str], given: str, chosen: str | None
) -> None:
    closeness = {text: media_type(text).admits(media_type(given)) for text in ranges}
    best = max(closeness, key=lambda text: closeness[text])

    assert (best if closeness[best] else None) == chosen


def test_cookies_are_read_as_they_are_sent() -> None:
    text = 'a=1;b="2"; c=x=y; d; =e;; a=%20'

    assert list(cookie_pairs(text)) == [("a", "1"), ("b", "2"), ("c", "x=y"), ("a", "%20")]


@pytest.mark.parametrize(
    ("sent", "scheme"),
    [
        ({}, "http"),
        ({"x-forwarded-proto": "https"}, "https"),
        ({"x-forwarded-proto": "HTTPS, http"}, "https"),
        ({"x-forwarded-proto": "http"}, "http"),
        ({"x-forwarded-proto": "javascript"}, "http"),
    ],
)
def test_a_proxy_says_what_the_client_speaks(sent: dict[str, str], scheme: str) -> None:
    assert scheme_of(sent, "http") == scheme

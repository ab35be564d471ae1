import base64
import hashlib
import re

from mockserver.base.html import (
    HEADERS,
    Markup,
    html_document,
    html_page,
    inline_style,
    join,
    linked_style,
    style_policy,
    table,
    tag,
)


def test_texts_are_escaped_and_elements_are_not() -> None:
    assert tag("p", "<b> & ", tag("b", '"x"')) == "<p>&lt;b&gt; &amp; <b>&quot;x&quot;</b></p>"
    assert join(["<", Markup("<br>")]) == "&lt;<br>"


def test_attributes_are_escaped_and_named_as_in_html() -> None:
    link = tag("a", "x", href='?a="1"&b', class_="button main", aria_label="<y>")
    assert link == (
        '<a href="?a=&quot;1&quot;&amp;b" class="button main" aria-label="&lt;y&gt;">x</a>'
    )


def test_boolean_attributes_have_no_value() -> None:
    assert tag("textarea", required=True, disabled=False) == "<textarea required></textarea>"


def test_void_elements_have_no_end_tag() -> None:
    assert tag("input", name="a") == '<input name="a">'


def test_a_table_without_rows_is_nothing() -> None:
    assert table(["A"], []) == ""
    assert "<td>&lt;</td>" in table(["A"], [["<"]], "Some")


def test_a_document_has_its_title_language_and_style_sheet() -> None:
    page = html_document("A & B", tag("main", "x"), head=[linked_style("/a.css")])
    assert page.startswith('<!doctype html>\n<html lang="en"><head><meta charset="utf-8">')
    assert "<title>A &amp; B</title>" in page
    assert '<link rel="stylesheet" href="/a.css">' in page
    assert page.endswith("<body><main>x</main></body></html>\n")


def test_an_inline_style_sheet_is_not_escaped() -> None:
    assert inline_style("a > b {}") == "<style>a > b {}</style>"


def test_the_policy_of_a_small_page_allows_its_own_style_sheet() -> None:
    page = html_page("<title>", tag("p", "x"), "a note & more").decode()
    style = re.search("<style>(.*)</style>", page)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert style_policy(style[1]) == f"default-src 'none'; style-src 'sha256-{digest}'"
    assert dict(HEADERS)["Content-Security-Policy"].startswith(style_policy(style[1]))
    assert "<h1>&lt;title&gt;</h1>" in page
    assert '<footer class="note">a note &amp; more</footer>' in page


def test_a_text_that_is_no_unicode_can_be_sent() -> None:
    assert b"<p>?</p>" in html_page("t", tag("p", "\ud800"), "n")

"""Values of headers in `x-mock`: in the answers of steps and of error kinds."""

from collections.abc import Callable

import pytest

from mockserver.base.errors import SpecError
from tests.conftest import World

Serve = Callable[..., World]

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  errors: {teapot: {status: 418, headers: ERRORS}}
paths:
  /ok:
    get:
      responses: {'200': {description: ok}}
      x-mock: {steps: [{respond: {headers: STEPS}}]}
  /error:
    get:
      responses: {'200': {description: ok}}
      x-mock: {steps: [{require: "{{ false }}", otherwise: teapot}]}
"""
both_places = pytest.mark.parametrize("path", ["/ok", "/error"])


def values(serve: Serve, path: str, value: str, name: str = "X-V") -> list[str]:
    headers = f"{{{name}: {value}}}"
    chosen, other = ("STEPS", "ERRORS") if path == "/ok" else ("ERRORS", "STEPS")
    reply = serve(DOCUMENT.replace(chosen, headers).replace(other, "{}")).get(path)
    assert reply.status == (200 if path == "/ok" else 418), reply.text
    return [text for key, text in reply.exchange.answer.headers if key == name]


@both_places
def test_a_list_becomes_several_lines(serve: Serve, path: str) -> None:
    assert values(serve, path, "[a=1, b=2]", "Set-Cookie") == ["a=1", "b=2"]


@both_places
@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("true", ["true"]),
        ("false", ["false"]),
        ("7", ["7"]),
        ("1.5", ["1.5"]),
        ("18446744073709551616", ["18446744073709551616"]),
        ("'{{ 2 > 1 }}'", ["true"]),
        ("['{{ 1 + 1 }}', true, null, x]", ["2", "true", "x"]),
        ("[]", []),
        ("null", []),
        ("'{{ null }}'", []),
        ("\"{{ ['a', 'b'] }}\"", ["a", "b"]),
        ('"a\\r\\nb"', ["a b"]),
        ('["a\\nb"]', ["a b"]),
    ],
)
def test_values_are_written_as_json_writes_them(
    serve: Serve, path: str, value: str, lines: list[str]
) -> None:
    assert values(serve, path, value) == lines


@both_places
@pytest.mark.parametrize("value", ["{a: 1}", "[{a: 1}]", "[[a]]"])
def test_a_map_is_refused_when_the_document_is_loaded(serve: Serve, path: str, value: str) -> None:
    with pytest.raises(SpecError, match=r"headers/X-V.*a header") as caught:
        values(serve, path, value)
    assert ["a header" in str(one) for one in caught.value.problems].count(True) == 1


@both_places
def test_a_map_of_an_expression_is_a_failure_that_names_the_header(serve: Serve, path: str) -> None:
    place = "STEPS" if path == "/ok" else "ERRORS"
    other = "ERRORS" if path == "/ok" else "STEPS"
    text = DOCUMENT.replace(place, "{X-V: '{{ header }}'}").replace(other, "{}")
    reply = serve(text).get(path)
    assert reply.status == 500
    assert "X-V" in reply.text

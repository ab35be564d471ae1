from typing import Any

import pytest

from mockserver.base.problems import SpecProblem
from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.openapi.security_schemes import compile_schemes, compile_security

KNOWN = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "token": {"type": "oauth2", "flows": {}},
}


def place_of(value: Any) -> Place:
    return Place(Document("d.yaml", None, value, dict), "", value)


def schemes(value: Any) -> tuple[dict[str, str], list[str]]:
    """Return the kinds of schemes by name, and where something is wrong."""
    problems: list[SpecProblem] = []
    found = compile_schemes(place_of(value), lambda place: place, {}, problems)
    kinds = {name: scheme.kind for name, scheme in found.items()}
    return kinds, [problem.source.pointer for problem in problems]


def security(value: Any, *declared: str) -> tuple[list[list[str]], list[str]]:
    """Return the alternatives of requirements by name, and where something is wrong."""
    problems: list[SpecProblem] = []
    known = compile_schemes(place_of(KNOWN), lambda place: place, {}, problems)
    found = compile_security(place_of(value), known, {*known, *declared}, problems)
    names = [[use.scheme.name for use in alternative] for alternative in found]
    return names, [problem.source.pointer for problem in problems]


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        ({"type": "apiKey", "in": "cookie", "name": "k"}, "apiKey"),
        ({"type": "http", "scheme": "Basic"}, "basic"),
        ({"type": "http", "scheme": "bearer"}, "bearer"),
        ({"type": "http", "scheme": "digest"}, "http"),
        ({"type": "http", "scheme": "Mine-2"}, "http"),
        ({"type": "oauth2"}, "oauth2"),
        ({"type": "openIdConnect"}, "oauth2"),
    ],
)
def test_a_scheme_has_a_kind(scheme: Any, kind: str) -> None:
    assert schemes({"s": scheme}) == ({"s": kind}, [])


@pytest.mark.parametrize(
    "scheme",
    [
        {"type": "http"},
        {"type": "http", "scheme": "a b"},
        {"type": "mutualTLS"},
        {"type": "apiKey", "in": "body", "name": "k"},
        {"type": "apiKey", "in": "header"},
        {"type": ["http"]},
        {},
        None,
        "basic",
    ],
)
def test_a_scheme_that_cannot_be_checked_is_left_out(scheme: Any) -> None:
    assert schemes({"s": scheme}) == ({}, ["/s"])


@pytest.mark.parametrize(
    ("requirements", "asked", "problems"),
    [
        ([{"key": []}, {"token": ["a"]}], [["key"], ["token"]], []),
        ([{"key": [], "token": []}], [["key", "token"]], []),
        ([{}], [[]], []),
        ([{"none": []}, {"key": []}], [["key"]], ["/0/none"]),
        ([{"none": [], "key": []}], [["key"]], ["/0/none"]),
        ([{"none": []}], [], ["/0/none"]),
        ([{"key": None}], [["key"]], []),
        ([5, None], [], []),
        ({"key": []}, [], []),
    ],
)
def test_what_is_not_declared_is_not_asked_for(
    requirements: Any, asked: list[list[str]], problems: list[str]
) -> None:
    assert security(requirements) == (asked, problems)


def test_a_scheme_that_was_left_out_is_told_once() -> None:
    assert security([{"digest": []}], "digest") == ([], [])

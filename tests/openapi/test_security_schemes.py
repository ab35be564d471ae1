from pathlib import Path
from typing import Any

import pytest

from mockserver.base.problems import SpecProblem
from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.openapi.compiler import load_apis
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
    ],
)
def test_what_is_not_declared_is_not_asked_for(
    requirements: Any, asked: list[list[str]], problems: list[str]
) -> None:
    assert security(requirements) == (asked, problems)


def test_a_scheme_that_was_left_out_is_told_once() -> None:
    assert security([{"digest": []}], "digest") == ([], [])


@pytest.mark.parametrize(
    ("requirements", "asked", "problems"),
    [
        (["key"], [["key"]], ["/0"]),
        (["key", {"token": []}], [["key"], ["token"]], ["/0"]),
        (["key", "token"], [["key"], ["token"]], ["/0", "/1"]),
        ("key", [["key"]], [""]),
        ({"key": []}, [["key"]], [""]),
        ({"key": [], "token": ["a"]}, [["key", "token"]], [""]),
        ({"key": [], "none": []}, [["key"]], ["", "/none"]),
        (["kye", {"key": []}], [["key"]], ["/0"]),
        ([["key"]], [], ["/0"]),
        ([5, None], [], ["/0", "/1"]),
        ({"none": []}, [], [""]),
        ({}, [], [""]),
        (5, [], [""]),
        (None, [], []),
        ([], [], []),
    ],
)
def test_requirements_in_another_form_are_reported_and_enforced_if_they_name_a_scheme(
    requirements: Any, asked: list[list[str]], problems: list[str]
) -> None:
    assert security(requirements) == (asked, problems)


@pytest.mark.parametrize(
    ("requirements", "hint"),
    [
        (["key"], "did you mean `- key: []`?"),
        (["kye"], "did you mean `- key: []`? until then it is not enforced"),
        ("key", "did you mean `- key: []`?"),
        ({"key": []}, "did you mean `- key: []`?"),
    ],
)
def test_requirements_in_another_form_have_a_hint(requirements: Any, hint: str) -> None:
    problems: list[SpecProblem] = []
    known = compile_schemes(place_of(KNOWN), lambda place: place, {}, problems)
    compile_security(place_of(requirements), known, known, problems)
    assert [(one.code, one.hint) for one in problems] == [("MS701", hint)]


SCHEMES = "{securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}"
FORMS = ["[key]", "{key: []}", "key"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("is_own", [True, False])
@pytest.mark.parametrize("version", ["openapi: 3.0.3", "openapi: 3.1.0", "swagger: '2.0'"])
def test_an_operation_is_not_open_because_its_security_has_another_form(
    tmp_path: Path, form: str, is_own: bool, version: str
) -> None:
    own, whole = (f"security: {form}, ", "") if is_own else ("", f"security: {form}\n")
    operation = f"{own}responses: {{default: {{description: OK}}}}"
    components = "components: " + SCHEMES
    if version.startswith("swagger"):
        components = "securityDefinitions: {key: {type: apiKey, in: header, name: X-Key}}"
    (tmp_path / "d.yaml").write_text(
        f"{version}\ninfo: {{title: T, version: '1'}}\n{whole}{components}\n"
        f"paths: {{/a: {{get: {{{operation}}}}}}}\n"
    )
    [api] = load_apis([tmp_path / "d.yaml"])
    [alternative] = api.operations[0].security
    assert [use.scheme.name for use in alternative] == ["key"]
    assert "MS701" in {problem.code for problem in api.problems}


def test_the_security_of_the_document_applies_where_that_of_an_operation_names_no_scheme(
    tmp_path: Path,
) -> None:
    (tmp_path / "d.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: T, version: '1'}\nsecurity: [{key: []}]\n"
        f"components: {SCHEMES}\n"
        "paths: {/a: {get: {security: {}, responses: {default: {description: OK}}}}}\n"
    )
    [api] = load_apis([tmp_path / "d.yaml"])
    [alternative] = api.operations[0].security
    assert [use.scheme.name for use in alternative] == ["key"]
    assert [problem.code for problem in api.problems] == ["MS701"]

from typing import Any

import pytest

from mockserver.base.problems import SpecProblem
from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.openapi.paths import described_operations


def described(paths: Any, version: str = "3.1") -> tuple[list[tuple[str, str]], list[str]]:
    """Return the operations of a paths object, and where something is wrong with it."""
    problems: list[SpecProblem] = []
    place = Place(Document("d.yaml", None, paths, dict), "", paths)
    found = described_operations(place, version, lambda member: member, problems)
    operations = [(item.method, item.path) for item in found]
    return operations, [problem.source.pointer for problem in problems]


def test_every_method_of_3_0_is_an_operation() -> None:
    methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]
    operations = [(method.upper(), "/a") for method in methods]
    assert described({"/a": {key: {} for key in (*methods, "summary", "x-a")}}) == (
        operations,
        [],
    )


def test_3_2_has_more_methods() -> None:
    item = {"query": {}, "additionalOperations": {"COPY": {}, "x y": {}, "LINK": 5}}
    operations, problems = described({"/a": item}, "3.2")
    assert operations == [("QUERY", "/a"), ("COPY", "/a")]
    assert problems == ["/~1a/additionalOperations/x y", "/~1a/additionalOperations/LINK"]


@pytest.mark.parametrize(
    ("paths", "operations", "problems"),
    [
        ({"/{a}": {"get": {}}, "/{b}": {"get": {}}}, [("GET", "/{a}")], ["/~1{b}", "/~1{b}/get"]),
        (
            {"/{a}": {"get": {}}, "/{b}": {"put": {}}},
            [("GET", "/{a}"), ("PUT", "/{b}")],
            ["/~1{b}"],
        ),
        ({"a": {"get": {}}, "/a": {"get": {}}}, [("GET", "/a")], ["/a", "/~1a/get"]),
        ({"/a?b=1": {"get": {}}}, [], ["/~1a?b=1"]),
        ({"/a#b": {"get": {}}}, [], ["/~1a#b"]),
        ({"/a" * 101: {"get": {}}}, [], ["/" + "~1a" * 101]),
        ({"/{a}{b}{c}": {"get": {}}}, [("GET", "/{a}{b}{c}")], []),
        ({"/{a}{b}{c}{d}": {"get": {}}}, [], ["/~1{a}{b}{c}{d}"]),
        ({"/a": {"get": 5, "put": {}}}, [("PUT", "/a")], ["/~1a/get"]),
        ({"/a": {"get": {}, "GET": {}}}, [("GET", "/a")], ["/~1a/GET"]),
        (
            {"/a": {"query": {}, "additionalOperations": {}}},
            [],
            ["/~1a/query", "/~1a/additionalOperations"],
        ),
        ({"/a": {"pots": {}, "5": 5}}, [], ["/~1a/pots", "/~1a/5"]),
        ({"/a": 5}, [], ["/~1a"]),
        ({"x-a": {"get": {}}}, [], []),
        (5, [], []),
    ],
)
def test_what_no_request_can_reach_is_left_out(
    paths: Any, operations: list[tuple[str, str]], problems: list[str]
) -> None:
    assert described(paths) == (operations, problems)


def test_what_stands_beside_a_reference_of_a_path_is_told() -> None:
    paths = {"/a": {"$ref": "#/b", "get": {}}}
    place = Place(Document("d.yaml", None, paths, dict), "", paths)
    problems: list[SpecProblem] = []

    def resolve(member: Place) -> Place:
        return Place(member.document, "/b", {"put": {}})

    found = described_operations(place, "3.1", resolve, problems)
    assert [item.method for item in found] == ["PUT"]
    assert [problem.source.pointer for problem in problems] == ["/~1a"]


def test_a_method_in_capitals_is_told_how_it_is_written() -> None:
    paths: dict[str, dict[str, object]] = {"/a": {"GET": {}}}
    problems: list[SpecProblem] = []
    place = Place(Document("d.yaml", None, paths, dict), "", paths)
    assert not list(described_operations(place, "3.1", lambda member: member, problems))
    assert [(problem.message, problem.hint) for problem in problems] == [
        ("a path item cannot have 'GET'", "did you mean 'get'?")
    ]

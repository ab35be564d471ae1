"""The style examples of OpenAPI 3.0.4, 3.1.1 and 3.2.1 (section "Style Examples"), decoded."""

from pathlib import Path

import pytest

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem
from mockserver.documents.document import parse_document
from mockserver.documents.references import Place, References
from mockserver.openapi.request_bodies import BodyCompiler
from mockserver.schemas.validators import Schemas
from mockserver.wire.parameter_styles import Parameter
from mockserver.wire.parameters import ParameterSet

NOWHERE = Path("/nowhere")
SCHEMAS: dict[str, JsonValue] = {
    "string": {"type": "string"},
    "array": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object", "additionalProperties": {"type": "integer"}},
}
VALUES: dict[str, JsonValue] = {
    "string": "blue",
    "array": ["blue", "black", "brown"],
    "object": {"R": 100, "G": 200, "B": 150},
}
NOTHING: dict[str, JsonValue] = {"string": "", "array": [], "object": {}}
TEXTS = {
    ("matrix", False): (";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
    ("matrix", True): (";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
    ("label", False): (".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
    ("label", True): (".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
    ("simple", False): ("blue", "blue,black,brown", "R,100,G,200,B,150"),
    ("simple", True): ("blue", "blue,black,brown", "R=100,G=200,B=150"),
    ("form", False): ("color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
    ("form", True): ("color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
    ("spaceDelimited", False): (
        None,
        "color=blue%20black%20brown",
        "color=R%20100%20G%20200%20B%20150",
    ),
    ("spaceDelimited", True): (None, None, None),
    ("pipeDelimited", False): (
        None,
        "color=blue%7Cblack%7Cbrown",
        "color=R%7C100%7CG%7C200%7CB%7C150",
    ),
    ("pipeDelimited", True): (None, None, None),
    ("deepObject", True): (None, None, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
    ("cookie", False): ("color=blue", None, None),
    ("cookie", True): (
        "color=blue",
        "color=blue; color=black; color=brown",
        "R=100; G=200; B=150",
    ),
}
"""By style and explode: a string, an array, an object; None for what the table has as n/a."""
EMPTY = {
    ("matrix", False): ";color",
    ("matrix", True): ";color",
    ("label", False): ".",
    ("label", True): ".",
    ("simple", False): "",
    ("simple", True): "",
    ("form", False): "color=",
    ("form", True): "color=",
    ("cookie", False): "color=",
    ("cookie", True): "color=",
}
"""The column of 3.0.4 and 3.1.1 for a value that is undefined."""
PLACES = {"simple": ("path", "header"), "matrix": ("path",), "label": ("path",)}
ROWS = [
    pytest.param(where, style, explode, kind, text, id=f"{style} {explode} {kind} in {where}")
    for (style, explode), texts in TEXTS.items()
    for kind, text in zip(SCHEMAS, texts, strict=True)
    for where in PLACES.get(style, ("cookie",) if style == "cookie" else ("query",))
]


def compiled(where: str, style: str, explode: bool, kind: str) -> tuple[Parameter, list[str]]:
    document = parse_document(b"{}", "api.json", NOWHERE / "api.json")
    value: JsonValue = {"style": style, "explode": explode, "schema": SCHEMAS[kind]}
    document.value = value
    references, problems = References(NOWHERE), list[SpecProblem]()
    bodies = BodyCompiler(references, Schemas(references, "3.1", []), problems)
    parameter = bodies.parameters.compile("color", where, Place(document, "", value))
    return parameter, [problem.message for problem in problems]


def decoded(parameter: Parameter, text: str) -> JsonValue:
    where, sent = parameter.where, {parameter.name: text}
    headers = {"cookie": text} if where == "cookie" else sent if where == "header" else {}
    path = sent if where == "path" else {}
    query = text if where == "query" else ""
    values, violations = ParameterSet([parameter]).decode(path, query, headers)
    assert violations == []
    return values[where]["color"]


@pytest.mark.parametrize(
    ("where", "style", "explode", "kind", "text"), [row for row in ROWS if row.values[4]]
)
def test_an_example_is_decoded(where: str, style: str, explode: bool, kind: str, text: str) -> None:
    parameter, problems = compiled(where, style, explode, kind)

    assert decoded(parameter, text) == VALUES[kind]
    assert problems == []


@pytest.mark.parametrize(
    ("where", "style", "explode", "kind"),
    [pytest.param(*row.values[:4], id=row.id) for row in ROWS if not row.values[4]],
)
def test_what_the_table_leaves_undefined_is_reported(
    where: str, style: str, explode: bool, kind: str
) -> None:
    _, (problem,) = compiled(where, style, explode, kind)

    assert repr(style) in problem
    assert "defined" in problem


@pytest.mark.parametrize(
    ("style", "explode", "kind"),
    [
        (style, explode, kind)
        for style, explode in EMPTY
        for kind in ("string", "array")
        if (style, explode, kind) != ("cookie", False, "array")
    ],
)
def test_an_undefined_value_is_an_empty_one(style: str, explode: bool, kind: str) -> None:
    where = PLACES.get(style, ("cookie",) if style == "cookie" else ("query",))[0]
    parameter, _ = compiled(where, style, explode, kind)

    assert decoded(parameter, EMPTY[style, explode]) == NOTHING[kind]


@pytest.mark.parametrize(
    ("where", "style"),
    [
        ("path", "form"),
        ("path", "deepObject"),
        ("query", "simple"),
        ("query", "matrix"),
        ("query", "cookie"),
        ("header", "form"),
        ("cookie", "deepObject"),
    ],
)
def test_a_style_in_the_wrong_place_is_reported(where: str, style: str) -> None:
    parameter, (problem,) = compiled(where, style, explode=False, kind="string")

    assert problem.startswith(f"a {where} parameter cannot have the style {style!r}")
    assert decoded(parameter, "blue" if where in ("path", "header") else "color=blue") == "blue"

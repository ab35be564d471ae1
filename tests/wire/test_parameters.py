from collections.abc import Mapping
from pathlib import Path

import pytest

from mockserver.base.json import JsonValue
from mockserver.documents.document import parse_document
from mockserver.documents.references import Place, References
from mockserver.model.refusal import Violation
from mockserver.schemas.shapes import Shape, Shapes
from mockserver.schemas.validators import Schemas
from mockserver.wire.forms import FormDecoder
from mockserver.wire.parameter_styles import Parameter, style_of
from mockserver.wire.parameters import ParameterSet

PARTS = ("path", "header", "cookie")
NOWHERE = Path("/nowhere")
TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
TEXTS = {"type": "array", "items": TEXT}
INTEGERS = {"type": "array", "items": INTEGER}
COLOUR = {"type": "object", "properties": {"R": INTEGER, "name": TEXT}}


def place_of(schema: JsonValue, **others: JsonValue) -> Place:
    document = parse_document(b"{}", "api.json", NOWHERE / "api.json")
    document.value = {**others, "schema": schema}
    return Place(document, "", document.value).child("schema")


def shape(schema: JsonValue, **others: JsonValue) -> Shape:
    return Shapes(References(NOWHERE)).of(place_of(schema, **others))


def parameter(where: str, schema: JsonValue, name: str = "p", **described: JsonValue) -> Parameter:
    style, explode = style_of(where, described)
    schemas = Schemas(References(NOWHERE), "3.1", [])
    return Parameter(
        name=name,
        where=where,
        required=bool(described.get("required", False)),
        style=style,
        explode=explode,
        shape=shape(schema),
        validator=schemas.validator(place_of(schema), "request"),
        default=schema.get("default"),
        is_json="content" in described,
        may_be_empty=bool(described.get("allowEmptyValue", False)),
    )


def decode(
    parameters: list[Parameter],
    query: str = "",
    **others: Mapping[str, str],
) -> tuple[dict[str, dict[str, JsonValue]], list[Violation]]:
    path, headers = others.get("path", {}), dict(others.get("headers", {}))
    if cookies := others.get("cookies"):
        headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return ParameterSet(parameters).decode(path, query, headers)


def value_of(given: Parameter, text: str) -> JsonValue:
    """Decode a text that has nothing wrong with it."""
    if given.where == "query":
        values, violations = decode([given], text)
    else:
        parts = ({given.name: text} if given.where == where else {} for where in PARTS)
        path, headers, cookies = parts
        values, violations = decode([given], path=path, headers=headers, cookies=cookies)
    assert violations == []
    return values[given.where][given.name]


def wrong(given: Parameter, query: str) -> list[tuple[str, str, str]]:
    _, violations = decode([given], query)
    return [(item.pointer, item.keyword, item.message) for item in violations]


@pytest.mark.parametrize(
    ("style", "explode", "schema", "text", "value"),
    [
        ("simple", False, TEXT, "blue", "blue"),
        ("simple", False, TEXT, "a%2Cb,c", "a,b,c"),
        ("simple", False, TEXTS, "blue,a%2Cb", ["blue", "a,b"]),
        ("simple", True, INTEGERS, "1,2", [1, 2]),
        ("simple", False, COLOUR, "R,100,name,a%2Cb", {"R": 100, "name": "a,b"}),
        ("simple", True, COLOUR, "R=100,name=x", {"R": 100, "name": "x"}),
        ("label", False, INTEGER, ".5", 5),
        ("label", True, {"type": "number"}, ".1.5", 1.5),
        ("label", False, INTEGERS, ".1,2", [1, 2]),
        ("label", True, INTEGERS, ".1.2", [1, 2]),
        ("label", False, COLOUR, ".R,100", {"R": 100}),
        ("label", True, COLOUR, ".R=100.name=x", {"R": 100, "name": "x"}),
        ("matrix", False, INTEGER, ";p=5", 5),
        ("matrix", True, TEXT, ";p=a,b", "a,b"),
        ("matrix", False, TEXT, ";p", ""),
        ("matrix", False, INTEGERS, ";p=1,2", [1, 2]),
        ("matrix", True, INTEGERS, ";p=1;p=2", [1, 2]),
        ("matrix", False, COLOUR, ";p=R,100", {"R": 100}),
        ("matrix", True, COLOUR, ";R=100;name=x", {"R": 100, "name": "x"}),
    ],
)
def test_path_parameters_are_decoded_by_their_style(
    style: str, *, explode: bool, schema: JsonValue, text: str, value: JsonValue
) -> None:
    given = parameter("path", schema, style=style, explode=explode, required=True)

    assert value_of(given, text) == value


@pytest.mark.parametrize(
    ("style", "explode", "schema", "query", "value"),
    [
        ("form", True, TEXT, "p=a+b%2Bc", "a b+c"),
        ("form", True, TEXT, "p=a=b", "a=b"),
        ("form", True, TEXT, "p=/?:@", "/?:@"),
        ("form", True, TEXTS, "p=a&q=1&p=b%26", ["a", "b&"]),
        ("form", False, TEXTS, "p=a,b%2Cc", ["a", "b,c"]),
        ("form", False, TEXTS, "p=", []),
        ("form", True, COLOUR, "R=100&name=x&q=1", {"R": 100, "name": "x"}),
        ("form", False, COLOUR, "p=R,100,name,a%2Cb", {"R": 100, "name": "a,b"}),
        ("spaceDelimited", False, INTEGERS, "p=1%202+3", [1, 2, 3]),
        ("pipeDelimited", False, INTEGERS, "p=1|2%7C3", [1, 2, 3]),
        ("pipeDelimited", False, TEXTS, "p=a%257Cb|c", ["a%7Cb", "c"]),
        ("pipeDelimited", True, TEXTS, "p=a|b&p=c", ["a|b", "c"]),
        ("deepObject", True, COLOUR, "p[R]=100&p%5Bname%5D=x&q[R]=1", {"R": 100, "name": "x"}),
    ],
)
def test_query_parameters_are_decoded_by_their_style(
    style: str, *, explode: bool, schema: JsonValue, query: str, value: JsonValue
) -> None:
    assert value_of(parameter("query", schema, style=style, explode=explode), query) == value


def test_headers_and_cookies_are_decoded() -> None:
    assert value_of(parameter("header", INTEGERS, "x-ids"), "1, 2") == [1, 2]
    assert value_of(parameter("header", TEXT, "x-note"), "50%25 off") == "50%25 off"
    assert value_of(parameter("cookie", INTEGER), "7") == 7


def test_an_object_without_named_members_takes_what_no_other_parameter_does() -> None:
    free = parameter("query", {"type": "object", "additionalProperties": INTEGER}, "filter")
    page = parameter("query", INTEGER, "page")

    values, violations = decode([free, page], "page=2&a=1&b=2")

    assert values["query"] == {"filter": {"a": 1, "b": 2}, "page": 2}
    assert violations == []


def test_an_array_inside_a_deep_object_is_a_repeated_member() -> None:
    schema = {"type": "object", "properties": {"ids": INTEGERS}}

    assert value_of(parameter("query", schema, style="deepObject"), "p[ids]=1&p[ids]=2") == {
        "ids": [1, 2]
    }


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (INTEGER, "-12", -12),
        ({"type": "number"}, "1.5e2", 150.0),
        ({"type": "number"}, "3", 3),
        ({"type": "boolean"}, "true", True),
        ({"type": ["integer", "null"]}, "", None),
        ({"type": ["integer", "null"]}, "null", None),
        ({"type": ["string", "null"]}, "null", "null"),
        ({"type": ["integer", "string"]}, "12", 12),
        ({"type": ["integer", "string"]}, "x12", "x12"),
        ({"anyOf": [TEXT, {"type": "boolean"}]}, "false", False),
        ({"allOf": [{"minimum": 1}, INTEGER]}, "3", 3),
        ({"enum": [1, 2]}, "2", 2),
        ({"const": True}, "true", True),
        ({"anyOf": [TEXT, TEXTS]}, "a", "a"),
        ({}, "12", "12"),
    ],
)
def test_a_text_becomes_what_its_schema_lets_it_become(
    schema: JsonValue, text: str, value: JsonValue
) -> None:
    found = value_of(parameter("query", schema), f"p={text}")

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["1.5", "01", "+1", "1_000", "", "\u0661", "1e999", "nan"])
@pytest.mark.parametrize("kind", ["integer", "boolean"])
def test_a_text_of_the_wrong_form_stays_text_and_is_a_violation(text: str, kind: str) -> None:
    (found,) = wrong(parameter("query", {"type": kind}), f"p={text}".replace("+", "%2B"))

    assert found[:2] == ("/p", "type")


@pytest.mark.parametrize("text", ["1e999", "nan", "Infinity", "0x10", "--1"])
def test_no_text_becomes_a_number_that_json_does_not_have(text: str) -> None:
    (found,) = wrong(parameter("query", {"type": "number"}), f"p={text}")

    assert found[1] == "type"


def test_a_number_of_thousands_of_digits_is_not_read() -> None:
    (found,) = wrong(parameter("query", INTEGER), f"p={'9' * 20_000}")

    assert found[1] == "type"


@pytest.mark.parametrize(
    ("schema", "described", "query", "message"),
    [
        (TEXT, {}, "p=%FF", "is not percent-encoded UTF-8"),
        (TEXTS, {}, "p=a&p=%C3", "is not percent-encoded UTF-8"),
        (TEXT, {}, "p=a&p=b", "is given more than once"),
        (INTEGER, {"content": True}, "p=1&p=2", "is given more than once"),
        (COLOUR, {"explode": False}, "p=R,100,name", "must list names and values alternately"),
        (COLOUR, {"content": True}, "p=NaN", "is not JSON"),
        (COLOUR, {"content": True}, "p=" + "[" * 100_000, "is not JSON"),
    ],
)
def test_a_text_that_cannot_be_decoded_is_a_violation(
    schema: JsonValue, described: dict[str, JsonValue], query: str, message: str
) -> None:
    assert wrong(parameter("query", schema, **described), query) == [("/p", "encoding", message)]


def test_a_wrong_member_of_an_object_is_pointed_at() -> None:
    given = parameter("query", COLOUR, style="deepObject")

    assert wrong(given, "p[R]=1&p[R]=2") == [("/p/R", "encoding", "is given more than once")]


def test_a_name_that_cannot_be_decoded_is_a_violation() -> None:
    assert wrong(parameter("query", TEXT), "%FF=1") == [
        ("", "encoding", "has a name that is not percent-encoded UTF-8")
    ]


@pytest.mark.parametrize(
    ("style", "text"), [("label", "5"), ("matrix", "5"), ("matrix", ";q=5"), ("matrix", ";p=1;p=2")]
)
def test_a_path_text_without_its_prefix_is_a_violation(style: str, text: str) -> None:
    given = parameter("path", INTEGER, style=style, explode=True, required=True)

    _, violations = decode([given], path={"p": text})

    assert [item.keyword for item in violations] == ["encoding"]


def test_more_parts_than_a_thousand_are_a_violation() -> None:
    found = wrong(parameter("query", TEXTS), "&".join(["p=a"] * 1_001))

    assert found == [("", "maxProperties", "has more than 1,000 parts")]


def test_json_parameters_are_parsed_and_checked() -> None:
    given = parameter("query", COLOUR, content=True)

    assert value_of(given, "p=%7B%22R%22:1%7D") == {"R": 1}
    assert wrong(given, "p=%7B%22R%22:%22x%22%7D")[0][:2] == ("/p/R", "type")


def test_what_is_absent_takes_its_default_or_null() -> None:
    page = parameter("query", {"type": "integer", "default": 1}, "page")

    values, violations = decode([page, parameter("header", TEXT, "x-note")])

    assert values == {"path": {}, "query": {"page": 1}, "header": {"x-note": None}, "cookie": {}}
    assert violations == []


def test_the_values_of_one_request_do_not_reach_the_next() -> None:
    parameters = ParameterSet([parameter("query", TEXT)])

    parameters.decode({}, "p=a", {})

    assert parameters.decode({}, "", {})[0]["query"] == {"p": None}


@pytest.mark.parametrize("where", ["query", "header", "cookie", "path"])
def test_what_is_required_and_absent_is_a_violation(where: str) -> None:
    _, violations = decode([parameter(where, TEXT, "a/b", required=True)])

    assert violations == [Violation(where, "/a~1b", "required", "is required")]


def test_all_violations_of_a_request_are_told() -> None:
    _, violations = decode(
        [parameter("query", INTEGER), parameter("header", INTEGER, "x-id", required=True)], "p=x"
    )

    assert [(item.where, item.pointer) for item in violations] == [
        ("query", "/p"),
        ("header", "/x-id"),
    ]


def test_an_empty_value_is_accepted_where_it_is_allowed() -> None:
    assert value_of(parameter("query", INTEGER, allowEmptyValue=True), "p=") == ""
    assert wrong(parameter("query", INTEGER), "p=")[0][1] == "type"


def test_a_shape_follows_references_once() -> None:
    members = {f"p{number}": {"anyOf": [TEXT, {"$ref": "#/schema"}]} for number in range(50)}

    found = shape({"type": "object", "properties": members, "allOf": [{"$ref": "#/schema"}]})

    assert found.properties is not None
    assert found.properties["p49"].types == {"string", "object"}


FORM_TYPE = "application/x-www-form-urlencoded"
FORM = {
    "type": "object",
    "properties": {"n": INTEGER, "tags": TEXTS, "ids": INTEGERS, "address": COLOUR},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("n=1&other=2", {"n": 1, "other": "2"}),
        ("n=x", {"n": "x"}),
        ("tags=a&tags=b+c", {"tags": ["a", "b c"]}),
        ("ids=1", {"ids": [1]}),
        ("address[R]=1&address%5Bname%5D=x", {"address": {"R": 1, "name": "x"}}),
        ("odd[R]=1", {"odd[R]": "1"}),
        ("n=%E2%82%AC", {"n": "€"}),
    ],
)
def test_a_form_becomes_an_object_by_its_schema(text: str, value: JsonValue) -> None:
    assert FormDecoder(shape(FORM))(text.encode(), FORM_TYPE) == (value, [])


def test_a_form_takes_members_of_the_type_of_additional_properties() -> None:
    schema = {"type": "object", "additionalProperties": INTEGER}

    assert FormDecoder(shape(schema))(b"a=1", FORM_TYPE) == ({"a": 1}, [])


@pytest.mark.parametrize(
    ("text", "violation"),
    [
        ("n=1&n=2", Violation("body", "/n", "encoding", "is given more than once")),
        ("n=%FF", Violation("body", "/n", "encoding", "is not percent-encoded UTF-8")),
        (
            "%FF=1",
            Violation("body", "", "encoding", "has a name that is not percent-encoded UTF-8"),
        ),
    ],
)
def test_what_is_wrong_with_a_form_is_told_of_the_body(text: str, violation: Violation) -> None:
    assert FormDecoder(shape(FORM))(text.encode(), FORM_TYPE)[1] == [violation]

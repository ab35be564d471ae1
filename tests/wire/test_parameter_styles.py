"""Which style a parameter is read in, and how its text is split."""

import pytest

from mockserver.base.json import JsonValue
from mockserver.wire.parameter_styles import undeclared_path_parameter, usable_style
from mockserver.wire.parameters import ParameterSet
from tests.wire.test_parameters import (
    COLOUR,
    INTEGER,
    INTEGERS,
    TEXT,
    TEXTS,
    decode,
    parameter,
    shape,
    value_of,
    wrong,
)

NOT_DEFINED = "is not defined"


@pytest.mark.parametrize(
    ("where", "described", "schema", "style", "warning"),
    [
        ("query", {}, INTEGERS, ("form", True), ""),
        ("path", {}, INTEGERS, ("simple", False), ""),
        ("header", {}, INTEGERS, ("simple", False), ""),
        ("cookie", {}, INTEGERS, ("form", True), ""),
        ("query", {"explode": False}, INTEGERS, ("form", False), ""),
        ("path", {"style": "label", "explode": True}, INTEGERS, ("label", True), ""),
        ("path", {"style": "matrix"}, INTEGERS, ("matrix", False), ""),
        ("path", {"style": "form", "explode": True}, INTEGERS, ("simple", False), "cannot have"),
        ("header", {"style": "label"}, TEXT, ("simple", False), "cannot have"),
        ("query", {"style": "simple"}, TEXT, ("form", True), "use form or spaceDelimited"),
        ("query", {"style": "deepObject"}, COLOUR, ("deepObject", False), ""),
        ("query", {"style": "deepObject"}, {}, ("deepObject", False), ""),
        ("query", {"style": "deepObject"}, INTEGERS, ("deepObject", True), "for objects only"),
        ("query", {"style": "deepObject"}, INTEGER, ("form", True), "for single values"),
        ("query", {"style": "pipeDelimited"}, INTEGER, ("form", True), "for single values"),
        ("query", {"style": "pipeDelimited"}, INTEGERS, ("pipeDelimited", False), ""),
        ("query", {"style": "pipeDelimited"}, {}, ("pipeDelimited", False), ""),
        (
            "query",
            {"style": "spaceDelimited", "explode": True},
            INTEGERS,
            ("spaceDelimited", True),
            "with `explode: true`",
        ),
        ("query", {"style": "form", "explode": True}, INTEGERS, ("form", True), ""),
        ("cookie", {"style": "cookie"}, INTEGERS, ("cookie", True), ""),
        ("cookie", {"style": "cookie", "explode": False}, TEXT, ("cookie", False), ""),
        (
            "cookie",
            {"style": "cookie", "explode": False},
            INTEGERS,
            ("cookie", False),
            "only if exploded",
        ),
        ("cookie", {"style": "form", "explode": False}, INTEGERS, ("form", False), ""),
    ],
)
def test_a_style_that_openapi_does_not_define_is_told_and_read_in_another(
    where: str,
    described: dict[str, JsonValue],
    schema: JsonValue,
    style: tuple[str, bool],
    warning: str,
) -> None:
    *used, told = usable_style(where, described, shape(schema))
    assert tuple(used) == style
    assert bool(told) == bool(warning)
    assert warning in told


@pytest.mark.parametrize(
    ("explode", "query", "items"),
    [
        (True, "p=1,2", ["1,2"]),
        (True, "p=1&p=2", ["1", "2"]),
        (True, "p=1,2&p=3", ["1,2", "3"]),
        (True, "p=", []),
        (True, "p=&p=1", ["", "1"]),
        (False, "p=1,2", ["1", "2"]),
        (False, "p=1,2&p=3", ["1", "2", "3"]),
        (False, "p=1,,2", ["1", "", "2"]),
        (False, "p=", []),
    ],
)
def test_a_comma_separates_items_only_where_an_array_is_not_exploded(
    explode: bool, query: str, items: list[str]
) -> None:
    assert value_of(parameter("query", TEXTS, explode=explode), query) == items


@pytest.mark.parametrize(
    ("cookie", "explode", "items"),
    [("1,2", True, ["1", "2"]), ("1,2", False, ["1", "2"]), ("1", True, ["1"])],
)
def test_one_cookie_holds_a_whole_array(cookie: str, explode: bool, items: list[str]) -> None:
    assert value_of(parameter("cookie", TEXTS, explode=explode), cookie) == items


def test_cookies_of_one_name_are_the_items_of_an_exploded_array() -> None:
    values, _ = ParameterSet([parameter("cookie", TEXTS)]).decode({}, "", {"cookie": "p=1,2; p=3"})
    assert values["cookie"]["p"] == ["1,2", "3"]


@pytest.mark.parametrize(
    ("described", "text", "value"),
    [
        ({}, "5", 5),
        ({}, "4,5", [4, 5]),
        ({"style": "label", "explode": True}, ".5", 5),
        ({"style": "label", "explode": True}, ".4.5", [4, 5]),
        ({"style": "matrix"}, ";p=5", 5),
        ({"style": "matrix"}, ";p=4,5", [4, 5]),
        ({"style": "matrix"}, ";p", []),
        ({"style": "matrix"}, ";p=", []),
    ],
)
def test_a_text_without_a_separator_is_a_single_value_where_the_schema_allows_one(
    described: dict[str, JsonValue], text: str, value: JsonValue
) -> None:
    either = {"type": ["array", "integer"], "items": INTEGER}
    assert value_of(parameter("path", either, **described), text) == value


def test_a_path_parameter_that_is_absent_has_no_value() -> None:
    for given in (parameter("path", INTEGER), parameter("path", INTEGERS, style="label")):
        values, violations = decode([given], path={})
        assert (values["path"], violations) == ({"p": None}, [])


def test_text_stays_text_only_where_the_number_is_not_valid() -> None:
    either = {"type": ["integer", "string"], "maximum": 5, "maxLength": 3}
    given = parameter("query", either)
    assert [value_of(given, f"p={text}") for text in ("4", "70", "abc")] == [4, "70", "abc"]
    assert wrong(given, "p=7000") == [("/p", "maximum", "must be at most 5")]
    assert value_of(parameter("query", {"type": ["integer", "string"]}), "p=7000") == 7000


def test_an_array_of_alternating_names_and_values_needs_a_value_for_each_name() -> None:
    given = parameter("query", COLOUR, explode=False)
    assert value_of(given, "p=R,1,name,x") == {"R": 1, "name": "x"}
    message = "must list names and values alternately"
    assert wrong(given, "p=R,1,name") == [("/p", "encoding", message)]


def test_a_json_parameter_is_neither_spread_nor_split() -> None:
    described: dict[str, JsonValue] = {"content": {"application/json": {}}}
    given = parameter("query", COLOUR, **described)
    assert given.properties == frozenset()
    assert not given.takes_any_name
    assert value_of(given, "p=%7B%22R%22:1,%22name%22:%22x%22%7D") == {"R": 1, "name": "x"}


@pytest.mark.parametrize(
    ("schema", "described", "takes"),
    [
        ({"type": "object"}, {}, True),
        ({"type": "object", "additionalProperties": INTEGER}, {}, True),
        (COLOUR, {}, False),
        ({"type": "object"}, {"explode": False}, False),
        ({"type": "object"}, {"style": "deepObject", "explode": True}, False),
    ],
)
def test_only_a_spread_object_without_declared_members_takes_any_name(
    schema: JsonValue, described: dict[str, JsonValue], takes: bool
) -> None:
    assert parameter("query", schema, **described).takes_any_name is takes


def test_a_spread_object_is_declared_by_the_names_of_its_members() -> None:
    assert parameter("query", COLOUR).properties == {"R", "name"}
    assert parameter("query", COLOUR, explode=False).properties == frozenset()
    assert parameter("query", INTEGERS).properties == frozenset()


def test_a_name_in_a_path_that_nothing_declares_is_a_required_text() -> None:
    given = undeclared_path_parameter("id")
    assert (given.required, given.style, given.explode) == (True, "simple", False)
    assert not given.is_json
    assert not given.may_be_empty
    assert not given.deprecated
    assert value_of(given, "007") == "007"
    _, (violation,) = decode([given], path={})
    assert violation.keyword == "required"


def querystring(schema: JsonValue, **described: JsonValue) -> ParameterSet:
    return ParameterSet([parameter("querystring", schema, **described)])


def test_a_whole_query_is_read_as_a_form() -> None:
    values, violations = querystring(COLOUR).decode({}, "R=1&name=x", {})
    assert (values["query"], violations) == ({"p": {"R": 1, "name": "x"}}, [])


@pytest.mark.parametrize("query", ["", "x=1&R=2"])
def test_a_whole_query_that_is_absent_has_no_value_and_other_names_are_kept(query: str) -> None:
    values, violations = querystring({"type": "object"}).decode({}, query, {})
    assert values["query"] == {"p": {"x": "1", "R": "2"} if query else None}
    assert violations == []


def test_a_whole_query_is_read_as_json_or_as_text() -> None:
    json = querystring(COLOUR, content={"application/json": {}})
    assert json.decode({}, "%7B%22R%22:1%7D", {})[0]["query"] == {"p": {"R": 1}}
    text = querystring(TEXT, style="simple")
    assert text.decode({}, "a%20b=c", {})[0]["query"] == {"p": "a b=c"}
    assert text.decode({}, "", {})[0]["query"] == {"p": None}


@pytest.mark.parametrize(
    ("where", "schema", "described", "delimiters"),
    [
        ("query", INTEGERS, {}, ""),
        ("query", INTEGERS, {"explode": False}, ","),
        ("query", INTEGER, {"explode": False}, ""),
        ("query", COLOUR, {"explode": False}, ","),
        ("query", COLOUR, {"style": "deepObject"}, ""),
        ("query", INTEGERS, {"style": "pipeDelimited"}, "|"),
        ("query", INTEGERS, {"style": "spaceDelimited"}, " "),
        ("query", INTEGERS, {"explode": False, "content": {"application/json": {}}}, ""),
        ("path", INTEGERS, {}, ","),
        ("path", INTEGERS, {"explode": True}, ","),
        ("path", COLOUR, {"explode": True}, ",="),
        ("path", COLOUR, {}, ","),
        ("path", INTEGER, {}, ""),
        ("path", INTEGERS, {"style": "label", "explode": True}, ".,"),
        ("path", INTEGERS, {"style": "matrix"}, ";=,"),
        ("header", INTEGERS, {}, ","),
    ],
)
def test_the_text_of_an_array_or_an_object_has_delimiters(
    where: str, schema: JsonValue, described: dict[str, JsonValue], delimiters: str
) -> None:
    assert parameter(where, schema, **described).delimiters == delimiters

from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.wire.form_fields import UndecodableError, branch_of, build, grouped
from tests.wire.test_parameters import INTEGER, TEXTS, shape


def value_of(query: str, schema: JsonValue) -> Any:
    branch = branch_of(grouped(query, "query", []), "p")
    assert branch is not None
    return build(shape(schema), branch)


@pytest.mark.parametrize(
    ("query", "schema", "value"),
    [
        ("p[a]=1", {"type": "object"}, {"a": "1"}),
        ("p[0]=a&p[1]=b", TEXTS, ["a", "b"]),
        ("p[10]=k&p[9]=j", TEXTS, ["j", "k"]),
        ("p[]=a&p[]=b", TEXTS, ["a", "b"]),
        ("p[0]=a", {"type": "object"}, {"0": "a"}),
        ("p[a][]=1", {"type": "object", "properties": {"a": {"items": INTEGER}}}, {"a": [1]}),
        ("p[a][b][c]=1", {}, {"a": {"b": {"c": "1"}}}),
        ("p[0][a]=1&p[1][a]=2", {}, [{"a": "1"}, {"a": "2"}]),
        ("p[0]=1&p[1]=2", {"prefixItems": [INTEGER, {"type": "string"}]}, [1, "2"]),
        ("p[a%5D]=1", {"type": "object"}, {"a]": "1"}),
        ("p[]=", TEXTS, [""]),
    ],
)
def test_brackets_become_members_and_items(query: str, schema: JsonValue, value: Any) -> None:
    assert value_of(query, schema) == value


@pytest.mark.parametrize(
    ("query", "message", "pointer"),
    [
        ("p=1&p[a]=2", "is given both as a value and by its members", ""),
        ("p[a]=1&p[a][b]=2", "is given both as a value and by its members", "/a"),
        ("p[a/b][0]=%FF", "is not percent-encoded UTF-8", "/a~1b/0"),
        ("p[a]=1&p[a]=2", "is given more than once", "/a"),
        ("p" + "[a]" * 21 + "=1", "is nested deeper than 20 levels", ""),
        ("p" + "[a]" * 5_000 + "=1", "is nested deeper than 20 levels", ""),
    ],
)
def test_what_contradicts_itself_is_told_where_it_stands(
    query: str, message: str, pointer: str
) -> None:
    with pytest.raises(UndecodableError, match=message) as caught:
        value_of(query, {})

    assert caught.value.pointer == pointer


def test_what_a_name_has_nothing_of_is_absent() -> None:
    assert branch_of({"q": ["1"], "p2[a]": ["1"], "p[": ["1"]}, "p") is None

"""What an independent encoder writes in a style is read as the value it was."""

from pathlib import Path
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.json import JsonValue
from mockserver.documents.document import parse_document
from mockserver.documents.references import Place, References
from mockserver.schemas.shapes import Shapes
from mockserver.wire.parameter_styles import Parameter
from mockserver.wire.parameters import ParameterSet

NOWHERE = Path("/nowhere")
TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
NAMES = TEXTS.filter(lambda name: "[" not in name and "]" not in name)
INTEGERS = st.integers(-(10**30), 10**30)
EXPLODING = st.booleans()


def encoded(text: object) -> str:
    """Percent-encode everything that is not unreserved (RFC 3986, section 2.3), dots as well."""
    return quote(str(text), safe="").replace(".", "%2E")


def flat(value: dict[str, JsonValue], between: str, pair: str) -> str:
    return between.join(f"{encoded(name)}{pair}{encoded(item)}" for name, item in value.items())


def written(style: str, *, explode: bool, value: JsonValue) -> str:
    """Write a value under the name `p` (RFC 6570, sections 3.2.2 to 3.2.9)."""
    first, between = {
        "simple": ("", ","),
        "label": (".", "."),
        "matrix": (";", ";"),
        "form": ("", "&"),
        "spaceDelimited": ("", "%20"),
        "pipeDelimited": ("", "%7C"),
    }[style]
    is_named = style not in ("simple", "label")
    name = "p=" if is_named else ""
    delimiter = between if style.endswith("Delimited") else ","
    if isinstance(value, list):
        if explode:
            return first + between.join(f"{name}{encoded(item)}" for item in value)
        return first + name + delimiter.join(map(encoded, value))
    if isinstance(value, dict):
        if explode:
            return first + flat(value, between, "=")
        return first + name + flat(value, delimiter, delimiter)
    return f"{first}{name}{encoded(value)}"


def parameter(where: str, style: str, *, explode: bool, schema: JsonValue) -> Parameter:
    document = parse_document(b"{}", "api.json", NOWHERE / "api.json")
    document.value = {"schema": schema}
    place = Place(document, "", document.value).child("schema")
    shape = Shapes(References(NOWHERE)).of(place)
    return Parameter("p", where, True, style, explode, shape, None)  # noqa: FBT003 - its fields' order


def decoded(given: Parameter, text: str) -> JsonValue:
    in_query = given.where == "query"
    path = {} if in_query else {"p": text}
    values, violations = ParameterSet([given]).decode(path, text if in_query else "", {})
    assert violations == []
    return values[given.where]["p"]


VALUES = {
    "string": (TEXT, TEXTS),
    "integer": (INTEGER, INTEGERS),
    "texts": ({"type": "array", "items": TEXT}, st.lists(TEXTS, min_size=1, max_size=5)),
    "integers": ({"type": "array", "items": INTEGER}, st.lists(INTEGERS, min_size=1)),
    "object": (
        {"type": "object", "additionalProperties": TEXT},
        st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=5),
    ),
}


@settings(deadline=None)
@given(
    style=st.sampled_from(["simple", "label", "matrix"]),
    kind=st.sampled_from(list(VALUES)),
    explode=EXPLODING,
    data=st.data(),
)
def test_a_value_in_a_path_is_read_as_it_was(
    style: str, kind: str, *, explode: bool, data: st.DataObject
) -> None:
    schema, values = VALUES[kind]
    value = data.draw(values)

    text = written(style, explode=explode, value=value)

    assert decoded(parameter("path", style, explode=explode, schema=schema), text) == value


@settings(deadline=None)
@given(kind=st.sampled_from(list(VALUES)), explode=EXPLODING, data=st.data())
def test_a_value_in_a_query_is_read_as_it_was(
    kind: str, *, explode: bool, data: st.DataObject
) -> None:
    schema, values = VALUES[kind]
    value = data.draw(values)

    text = written("form", explode=explode, value=value)

    assert decoded(parameter("query", "form", explode=explode, schema=schema), text) == value


@settings(deadline=None)
@given(
    style=st.sampled_from(["spaceDelimited", "pipeDelimited"]),
    kind=st.sampled_from(["texts", "integers", "object"]),
    data=st.data(),
)
def test_a_delimited_value_is_read_as_it_was(style: str, kind: str, data: st.DataObject) -> None:
    schema, values = VALUES[kind]
    free = data.draw(values)
    value = _without_delimiters(free)

    text = written(style, explode=False, value=value)

    assert decoded(parameter("query", style, explode=False, schema=schema), text) == value


def _without_delimiters(value: JsonValue) -> JsonValue:
    """Replace spaces and bars, which these styles cannot carry."""
    if isinstance(value, dict):
        return {_plain(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value]


def _plain(value: JsonValue) -> JsonValue:
    return value.replace(" ", "_").replace("|", "_") if isinstance(value, str) else value


TREES = st.recursive(
    TEXTS,
    lambda below: (
        st.lists(below, min_size=1, max_size=3)
        | st.dictionaries(NAMES.map(lambda name: f"k{name}"), below, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def deep(prefix: str, value: JsonValue) -> list[str]:
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in deep(f"{prefix}[{key}]", item)]
    if isinstance(value, list):
        return [
            line for index, item in enumerate(value) for line in deep(f"{prefix}[{index}]", item)
        ]
    return [f"{encoded(prefix)}={encoded(value)}"]


@settings(deadline=None)
@given(st.dictionaries(NAMES.map(lambda name: f"k{name}"), TREES, min_size=1, max_size=3))
def test_a_deep_object_of_any_depth_is_read_as_it_was(value: dict[str, JsonValue]) -> None:
    given = parameter("query", "deepObject", explode=True, schema={"type": "object"})

    assert decoded(given, "&".join(deep("p", value))) == value


@settings(deadline=None)
@given(
    st.text(max_size=200), st.sampled_from(["form", "deepObject"]), st.sampled_from(list(VALUES))
)
def test_any_query_gives_values_or_violations(query: str, style: str, kind: str) -> None:
    given = parameter("query", style, explode=True, schema=VALUES[kind][0])

    values, violations = ParameterSet([given]).decode({}, query, {})

    assert violations or values["query"]["p"] is not None

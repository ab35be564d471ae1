"""Whatever is sampled, an independent validator agrees that it conforms."""

from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compiled_schemas import sampled

unhurried = settings(deadline=None)
NAMES = st.sampled_from(["a", "b", "name", "x-1"])
PATTERNS = st.sampled_from(["^x-", "^[a-z]$", "1$", "^(?!a).*$"])
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "name"])


def leaves() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.just({}),
        st.booleans(),
        st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "null")]),
        st.builds(
            lambda low, size: {"minimum": low, "maximum": low + size}, *[st.integers(-9, 9)] * 2
        ),
        st.builds(
            lambda low, high: {"minLength": low, "maxLength": high}, *[st.integers(0, 9)] * 2
        ),
        st.builds(lambda pattern: {"type": "string", "pattern": pattern}, PATTERNS),
        st.lists(SCALARS, min_size=1, max_size=3).map(lambda values: {"enum": values}),
        SCALARS.map(lambda value: {"const": value}),
    )


def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    optional: dict[Any, st.SearchStrategy[Any]] = {
        "type": st.sampled_from(["object", "array", ["object", "null"], "string"]),
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "required": st.lists(NAMES, unique=True, max_size=2),
        "additionalProperties": inner,
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=1),
        "propertyNames": PATTERNS.map(lambda pattern: {"pattern": pattern}),
        "minProperties": st.integers(0, 3),
        "maxProperties": st.integers(1, 4),
        "dependentRequired": st.dictionaries(
            NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2
        ),
        "dependentSchemas": st.dictionaries(NAMES, inner, max_size=1),
        "unevaluatedProperties": inner,
        "items": inner,
        "prefixItems": several,
        "contains": inner,
        "minItems": st.integers(0, 3),
        "maxItems": st.integers(1, 4),
        "uniqueItems": st.booleans(),
        "allOf": several,
        "anyOf": several,
        "oneOf": several,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
    }
    return st.lists(st.sampled_from(sorted(optional)), max_size=3, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: optional[key] for key in keys})
    )


SCHEMAS = st.recursive(leaves(), branches, max_leaves=8).filter(lambda item: isinstance(item, dict))


@unhurried
@given(SCHEMAS, st.none() | st.integers(0, 3))
def test_a_sample_says_truly_whether_it_conforms(schema: dict[str, Any], seed: int | None) -> None:
    made = sampled(schema, seed)

    assert jsonschema.Draft202012Validator(schema).is_valid(made.value) is made.is_valid


@unhurried
@given(SCHEMAS)
def test_a_sample_is_always_the_same(schema: dict[str, Any]) -> None:
    assert sampled(schema) == sampled(schema)


@unhurried
@given(st.recursive(leaves(), branches, max_leaves=5), SCALARS, st.none() | st.integers(0, 3))
def test_where_the_schema_itself_gives_a_value_one_is_found(
    schema: Any, value: Any, seed: int | None
) -> None:
    whole = {"anyOf": [schema, {"properties": {"a": {"const": value}}, "required": ["a"]}]}

    assert sampled(whole, seed).is_valid

"""Patterns as ECMA-262 reads them, in each place of a schema."""

import random
from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem
from mockserver.documents.references import References
from mockserver.schemas.compilation import compile_schema
from mockserver.schemas.ecma_patterns import compiled, exact_form
from mockserver.schemas.sampling.patterns import read_pattern
from mockserver.schemas.sampling.sampler import sample
from mockserver.schemas.sampling.sampling_context import FixedRandom
from mockserver.schemas.validators import Schemas, SchemaValidator
from tests.schemas.test_dialects import place_of

CASES = [
    (r"^[^\<\>]*$", ["ab"], ["a<b"]),
    (r"^\<b\>$", ["<b>"], ["b", r"\<b\>"]),
    (r"\bfoo\b", ["éfoo", "a foo"], ["afoo"]),
    ("^.$", ["a", "\u0085", "😀"], ["\r", "\n", "\u2028", "\u2029"]),
    (r"^(?<y>\d{4})-\k<y>$", ["2024-2024"], ["2024-2025"]),
    (r"^(a|(b))\2$", ["a", "bb"], ["ba", "ab"]),
    ("^[^]+$", ["a", "\n"], [""]),
    ("^[]$", [], ["", "a", "]"]),
    (r"^[^\0]*$", ["a"], ["a\0"]),
    (r"^\0$", ["\0"], ["a", "0"]),
    (r"^[\b]$", ["\b"], ["a", "b"]),
    (r"^[^\uD800-\uDFFF]*$", ["a", "😀"], []),
    (r"^[\uD83D\uDE00-\uD83D\uDE0F]$", ["😀"], ["a", "🙂"]),
    (r"^[\w-\.]+@x$", ["a-b.c@x"], ["!@x"]),
    ("^{[a-z]+}$", ["{a}"], ["!", "a"]),
    (r"^\cM$", ["\r"], ["cM"]),
    (r"^\e$", ["e"], [r"\e"]),
    (r"^\d$", ["1"], ["٣"]),
    (r"^\w$", ["a"], ["é"]),
    (r"^\s$", [" ", "\ufeff"], ["\u0085"]),
    ("^abc$", ["abc"], ["abc\n"]),
    (r"^\p{Lu}$", ["É"], ["é", "p{Lu}"]),
    ("^(?=.*[A-Z])(?!x).{2,}$", ["aB"], ["ab", "xB"]),
    ("(?<=a)b$", ["ab"], ["cb"]),
    ("^a&&b[&&a]$", ["a&&b&"], ["a&&b"]),
    ("^[a[]$", ["["], ["b"]),
    ("^(?i:ab)$", ["AB"], ["abc"]),
]
INVALID = ["(", "a**", "a{2,1}", "[b-a]", r"(?<a>x)(?<a>y)", "(?>a)", "a++"]


def validator_of(schema: JsonValue, version: str) -> tuple[SchemaValidator, list[str]]:
    problems: list[SpecProblem] = []
    validator = Schemas(References(place_of({}).document.path.parent), version, problems).validator(  # type: ignore[union-attr] # the document has a path
        place_of(schema), "response"
    )
    return validator, [str(problem) for problem in problems]


@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1"])
@pytest.mark.parametrize(("pattern", "matching", "others"), CASES)
def test_a_pattern_is_read_as_javascript_reads_it(
    pattern: str, matching: list[str], others: list[str], version: str
) -> None:
    validator, problems = validator_of({"type": "string", "pattern": pattern}, version)

    assert problems == []
    assert [text for text in matching if not validator.is_valid(text)] == []
    assert [text for text in others if validator.is_valid(text)] == []
    assert validator.is_valid(5) is False


@pytest.mark.parametrize("version", ["3.0", "3.1"])
@pytest.mark.parametrize("pattern", INVALID)
def test_an_invalid_pattern_is_reported_and_removed(pattern: str, version: str) -> None:
    validator, problems = validator_of({"type": "string", "pattern": pattern}, version)

    assert len(problems) == 1
    assert "not a valid regular expression (ECMA-262)" in problems[0]
    assert validator.is_valid("any")


@pytest.mark.parametrize("pattern", [case[0] for case in CASES if case[1]])
def test_a_text_is_made_for_a_pattern(pattern: str) -> None:
    validator, _ = validator_of({"type": "string", "pattern": pattern}, "3.1")

    assert sample(validator).is_valid
    assert sample(validator, 7).is_valid


@pytest.mark.parametrize("pattern", ["^<.$", r"^\<.$", "^<[^]$"])
def test_a_pattern_of_names_is_read_as_javascript_reads_it(pattern: str) -> None:
    schema = {"patternProperties": {pattern: {"type": "integer"}}, "additionalProperties": False}
    validator, problems = validator_of(schema, "3.1")

    assert problems == []
    assert validator.is_valid({"<a": 1})
    assert not validator.is_valid({"<a": "x"})
    assert not validator.is_valid({"a": 1})


def test_a_pattern_of_names_that_may_be_read_in_another_way_is_reported() -> None:
    _, problems = validator_of({"patternProperties": {r"^(a)\1$": {}}}, "3.1")

    assert len(problems) == 1
    assert "may be read in another way" in problems[0]


@pytest.mark.parametrize("keyword", ["propertyNames", "not", "items", "anyOf"])
def test_a_pattern_is_read_as_javascript_reads_it_in_each_subschema(keyword: str) -> None:
    inner: Any = {"pattern": r"^\<$"}
    value: Any = {"propertyNames": {"<": 1}, "not": "b", "items": ["<"], "anyOf": "<"}[keyword]
    wrong: Any = {"propertyNames": {"b": 1}, "not": "<", "items": ["b"], "anyOf": "b"}[keyword]
    validator, _ = validator_of({keyword: [inner] if keyword == "anyOf" else inner}, "3.1")

    assert validator.is_valid(value)
    assert not validator.is_valid(wrong)


def test_the_violation_of_a_pattern_shows_the_pattern_of_the_document() -> None:
    for pattern in ("^[a-c]$", r"^\<.$"):
        validator, _ = validator_of({"pattern": pattern}, "3.0")
        (violation,) = validator.violations("xyz")
        assert (violation.keyword, violation.message) == ("pattern", f"must match {pattern}")


@pytest.mark.parametrize("pattern", [r"^(a|aa)+\1*b$", r"^(a+)+(?=b)$", r"(.*)*\k<x>(?<x>a)!"])
def test_a_pattern_that_needs_too_long_is_a_violation(pattern: str) -> None:
    validator, _ = validator_of({"pattern": pattern}, "3.1")

    assert validator.violations("a" * 5_000)


def test_backreferences_do_not_make_a_text_grow_without_limit() -> None:
    doubling = "(a)" + "".join(rf"(\{number}\{number})" for number in range(1, 60))
    repeated = r"(a{9999})(\1{9999})"

    for pattern in (doubling, repeated):
        expression = read_pattern(pattern)
        assert expression is None or expression.text(FixedRandom(), 0, 100) is None


def test_the_format_regex_is_that_of_javascript() -> None:
    validator = compile_schema({"format": "regex"})

    only_without_u = [r"^[^\<\>]*$", r"^\<b\>$", r"^[\w-\.]+@x$", "^{[a-z]+}$", r"^\e$"]
    assert [text for text, *_ in CASES if not validator.is_valid(text)] == only_without_u
    assert [text for text in INVALID if validator.is_valid(text)] == []


PIECES = [
    *("a", "b", "-", ".", "|", "^", "$", "*", "+", "?", "(", ")", "(?:", "{2}", "{1,}", "{", "]"),
    *(r"\-", r"\.", r"\<", r"\d", r"\W", r"\s", r"\b", r"\/", r"\x41", r"\u0042", r"\_", r"\@"),
    *("[ab]", "[^a]", "[a-c]", r"[\w-]", r"[-\w]", r"[\d-a]", "[&&a]", "[a~~b]", "[[]", "[+--]"),
]
TEXTS = ["", "a", "b", "ab", "aab", "-", ".", "1", "_", " ", "<", "&", "~", "[", "A", "é", "\r"]


def test_both_engines_agree_on_patterns_that_are_plain() -> None:
    random_source = random.Random(11)  # noqa: S311 - not for secrets
    count = 0
    while count < 3_000:
        pattern = "".join(random_source.choices(PIECES, k=random_source.randint(1, 5)))
        exact = exact_form(pattern)
        try:
            expected = compiled(pattern)
        except ValueError:
            continue
        if exact is None:
            continue
        validator = compile_schema({"pattern": exact})
        count += 1
        for text in TEXTS:
            assert validator.is_valid(text) is expected.test(text), (pattern, exact, text)

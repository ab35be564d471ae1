import pytest

from mockserver.contract.variables import UnsetPlaceholderError, Variables, references

ANSWERS = {"Send it": {"id": 7, "list": [{"a/b": "x"}]}}


def variables(*, defaults: bool = True, **environment: str) -> Variables:
    return Variables(environment, defaults, dict(ANSWERS))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${KEY}", "k1"),
        ("Bearer ${KEY}", "Bearer k1"),
        ("${NONE:-demo}", "demo"),
        ("${KEY:-demo}", "k1"),
        ("${NONE:-}", ""),
        ("${Send it:/id}", 7),
        ("n${Send it:/id}", "n7"),
        ("${Send it:/list/0/a~1b}", "x"),
        ("$KEY {KEY}", "$KEY {KEY}"),
    ],
)
def test_placeholders_are_filled(text: str, value: object) -> None:
    assert variables(KEY="k1").fill({"a": [text]}) == {"a": [value]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("${NONE}", "set the environment variable NONE"),
        ("${Send it:/other}", "the answer to 'Send it' has no value at /other"),
        ("${Send it:/list/1}", "no value at /list/1"),
        ("${Send it:/id/1}", "no value at /id/1"),
        ("${Sent it:/id}", "there is no earlier answer to 'Sent it'; did you mean 'Send it'?"),
        ("${a b}", "neither a variable nor a reference to an answer"),
    ],
)
def test_a_placeholder_without_a_value_says_what_to_do(text: str, told: str) -> None:
    with pytest.raises(UnsetPlaceholderError, match=r".*") as caught:
        variables().fill(text)
    assert told in str(caught.value)


def test_defaults_are_only_for_a_mockserver() -> None:
    with pytest.raises(UnsetPlaceholderError, match="set the environment variable KEY"):
        variables(defaults=False).fill("${KEY:-demo}")


def test_what_comes_from_the_environment_is_remembered_as_secret() -> None:
    known = variables(KEY="k1")
    known.fill(["${KEY}", "${NONE:-demo}"])
    assert known.used == {"k1"}


def test_references_to_answers_are_found_at_any_depth() -> None:
    value = {"a": ["${Send it:/id}", {"b": "x ${Other:/} ${KEY:-/x}"}], "c": 1}
    assert list(references(value)) == ["Send it", "Other"]

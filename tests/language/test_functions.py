"""The functions of expressions; `call` goes through the table that expressions look them up in."""

import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.errors import ExpressionError
from mockserver.base.time import DAY, EARLIEST, HOUR, LAST, MINUTE, SECOND, WEEK, parse_instant
from mockserver.language.functions import FUNCTIONS, documentation

LONGEST = 1_000_000
MOMENT = parse_instant("2019-06-06T11:57:27.274725Z")
unhurried = settings(deadline=None)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def call(name: str, *arguments: object) -> Any:
    return FUNCTIONS[name].call(*arguments)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("lower", "Jane DOE", "jane doe"),
        ("upper", "Jane", "JANE"),
        ("title", "mary-jane o'neil  SMITH", "Mary-Jane O'neil  Smith"),
        ("title", "élan 1st", "Élan 1st"),
        ("trim", " \t Jane\n", "Jane"),
        ("gsm7", "Tack ✓ så mycket", "Tack  så mycket"),
        ("mask", "+447911123456", "*********3456"),
        ("mask", "12345", "*2345"),
        ("mask", "1234", "****"),
        ("mask", "", ""),
    ],
)
def test_a_text_is_changed(name: str, text: str, expected: str) -> None:
    assert call(name, text) == expected


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("lower", []),
        ("upper", []),
        ("title", []),
        ("trim", []),
        ("gsm7", []),
        ("mask", []),
        ("segments_of", []),
        ("sha256_base64url", []),
        ("replace", ["a", "b"]),
        ("replace_placeholders", [{}]),
        ("number", []),
        ("integer", []),
        ("iso", []),
        ("instant", []),
        ("round", []),
        ("e164", []),
        ("first", []),
        ("last", []),
    ],
)
def test_null_gives_null(name: str, rest: list[object]) -> None:
    assert call(name, None, *rest) is None


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("starts_with", ["a"]),
        ("ends_with", ["a"]),
        ("contains", ["a"]),
        ("matches", ["a"]),
        ("is_email", []),
        ("is_gsm7", []),
    ],
)
def test_nothing_holds_for_null(name: str, rest: list[object]) -> None:
    assert call(name, None, *rest) is False


@pytest.mark.parametrize(
    ("name", "rest", "expected"),
    [
        ("text", [], ""),
        ("length", [], 0),
        ("keys", [], []),
        ("split", [","], []),
        ("join", [","], ""),
        ("merge", [None], {}),
        ("compact", [], {}),
        ("pick", ["a"], {"a": None}),
        ("by_field", [], {}),
        ("sentences", [], ""),
    ],
)
def test_null_counts_as_empty(name: str, rest: list[object], expected: object) -> None:
    assert call(name, None, *rest) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("lower", [5], "text was expected, not a number"),
        ("upper", [True], "text was expected, not a boolean"),
        ("starts_with", ["a", None], "text was expected, not null"),
        ("join", ["abc", ","], "a list was expected, not text"),
        ("keys", [[1]], "a map was expected, not a list"),
        ("merge", [{}, 5], "a map was expected, not a number"),
        ("compact", ["a"], "a map was expected, not text"),
        ("pick", [[1], "a"], "a map was expected, not a list"),
        ("pick", [{}, 5], "text was expected, not a number"),
        ("by_field", [["a"]], "a map was expected, not text"),
        ("sentences", [5], "a list was expected, not a number"),
        ("replace_placeholders", ["a", "b"], "a map was expected, not text"),
        ("length", [5], "a number has no length"),
        ("days", ["5"], "a finite number was expected, not text"),
        ("hours", [True], "a finite number was expected, not a boolean"),
        ("iso", ["5"], "a finite number was expected, not text"),
        ("round", [float("inf")], "a finite number was expected"),
        ("min", [1, "a"], "cannot order text and a number"),
        ("matches", [5, "a"], "text was expected, not a number"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(
    name: str, arguments: list[object], sentence: str
) -> None:
    with pytest.raises(ExpressionError, match=re.escape(sentence)):
        call(name, *arguments)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (5, "5"), (5.0, "5"), (1.5, "1.5"), (True, "true"), ({"a": [1, None]}, None)],
)
def test_any_value_can_be_text(value: object, text: str | None) -> None:
    assert call("text", value) == (text or '{"a":[1,null]}')


@pytest.mark.parametrize(
    ("value", "number", "whole"),
    [
        ("12", 12, 12),
        ("-1.5", -1.5, None),
        ("1e3", None, None),
        ("twelve", None, None),
        ("\N{ARABIC-INDIC DIGIT ONE}", None, None),
        (1e300, 1e300, None),
        ("9" * 19, None, None),
        (2.75, 2.75, 2),
        (-2.75, -2.75, -2),
        (7, 7, 7),
        (float("inf"), None, None),
        (True, None, None),
        ([], None, None),
    ],
)
def test_a_number_is_read_or_null(value: object, number: float | None, whole: int | None) -> None:
    assert (call("number", value), call("integer", value)) == (number, whole)


@pytest.mark.parametrize(
    ("value", "expected"), [("abc", 3), ([1, 2], 2), ({"a": 1}, 1), ("😀", 1), ("", 0)]
)
def test_length_counts_characters_items_and_members(value: object, expected: int) -> None:
    assert call("length", value) == expected


@pytest.mark.parametrize(("value", "expected"), [(None, "b"), ("", ""), (0, 0), (False, False)])
def test_only_null_is_replaced_by_a_default(value: object, expected: object) -> None:
    assert call("default", value, "b") == expected


@pytest.mark.parametrize(("items", "ends"), [([1, 2, 3], (1, 3)), ([], (None, None))])
def test_a_list_has_a_first_and_a_last_item(items: list[int], ends: tuple[object, object]) -> None:
    assert (call("first", items), call("last", items)) == ends


def test_the_names_of_a_map_come_in_their_order() -> None:
    assert call("keys", {"b": 1, "a": 2}) == ["b", "a"]


@pytest.mark.parametrize(
    ("container", "item", "expected"),
    [
        ("abc", "b", True),
        ("abc", "B", False),
        ([1, 2], 2, True),
        ([1], True, False),
        ({"a": 1}, "a", True),
        (5, 5, False),
    ],
)
def test_texts_lists_and_maps_contain_things(
    container: object, item: object, *, expected: bool
) -> None:
    assert call("contains", container, item) is expected


def test_a_text_starts_and_ends_with_others() -> None:
    assert call("starts_with", "+4479", "+44")
    assert not call("starts_with", "+4479", "44")
    assert call("ends_with", "a.pdf", ".pdf")
    assert not call("ends_with", "a.pdf", ".doc")


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("order 4711", r"\d{4}", True),
        ("order 4711", r"^\d{4}$", False),
        ("4711", r"^\d{4}$", True),
        ("4711\n", r"^\d{4}$", False),
    ],
)
def test_a_pattern_is_found_anywhere_unless_it_is_anchored(
    text: str, pattern: str, *, expected: bool
) -> None:
    assert call("matches", text, pattern) is expected


def test_whole_numbers_beyond_64_bits_are_written_in_lists_and_maps() -> None:
    value = {"é": [2**64, -(2**70), None, True]}
    told = '{"é":[18446744073709551616,-1180591620717411303424,null,true]}'
    assert call("text", value) == told


@pytest.mark.parametrize("pattern", ["(a", "(?=a)b", r"(a)\1", "((a{1000}){1000}){1000}"])
def test_a_pattern_that_is_wrong_or_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError, match="not a pattern"):
        call("matches", "a", pattern)


def test_a_pattern_that_would_backtrack_for_ever_answers() -> None:
    assert not call("matches", "a" * 9_999 + "!", "^(a+)+$")


def test_a_very_long_text_is_not_matched() -> None:
    with pytest.raises(ExpressionError, match="10,000 characters"):
        call("matches", "a" * 10_001, "a")


@pytest.mark.parametrize(
    ("text", "separator", "pieces"),
    [("a,b,,c", ",", ["a", "b", "", "c"]), (" a  b ", "", ["a", "b"]), ("a", ",", ["a"])],
)
def test_a_text_is_split_at_its_separators(text: str, separator: str, pieces: list[str]) -> None:
    assert call("split", text, separator) == pieces


def test_any_items_are_joined_as_text() -> None:
    assert call("join", ["a", 5, None, True], ", ") == "a, 5, , true"


@given(st.lists(st.text(alphabet="ab "), min_size=1))
def test_pieces_that_are_joined_can_be_split_again(pieces: list[str]) -> None:
    assert call("split", call("join", pieces, "|"), "|") == pieces


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [("a-b-c", "-", "+", "a+b+c"), ("aaa", "a", "aa", "aaaaaa"), ("ab", "", "-", "-a-b-")],
)
def test_every_occurrence_is_replaced(text: str, old: str, new: str, expected: str) -> None:
    assert call("replace", text, old, new) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("lower", ["a" * (LONGEST + 1)], id="a long text"),
        pytest.param("text", [["a" * LONGEST]], id="a long list"),
        pytest.param("join", [["a"] * 3, "b" * LONGEST], id="a long separator"),
        pytest.param("join", [["a" * 600_000] * 2, ""], id="long items"),
        pytest.param("replace", ["a" * LONGEST, "a", "b" * LONGEST], id="everything replaced"),
        pytest.param("replace", ["a" * LONGEST, "", "b" * LONGEST], id="between all characters"),
        pytest.param("replace_placeholders", ["{{a}}" * 9, {"a": "b" * LONGEST}], id="long values"),
        pytest.param(
            "replace_placeholders",
            ["x" * (LONGEST - 5) + "{{a}}", {"a": "b" * 6}],
            id="one character too many",
        ),
    ],
)
def test_a_text_that_would_grow_too_long_is_never_built(name: str, arguments: list[object]) -> None:
    with pytest.raises(ExpressionError, match="1,000,000 characters"):
        call(name, *arguments)


def test_filling_placeholders_stops_as_soon_as_the_text_is_too_long() -> None:
    values = {"a": "b" * (LONGEST // 2)}
    tracemalloc.start()
    try:
        with pytest.raises(ExpressionError):
            call("replace_placeholders", "{{a}}" * 50, values)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 10 * LONGEST


def test_a_text_may_be_a_million_characters_long() -> None:
    assert len(call("replace", "a" * (LONGEST // 2), "a", "bb")) == LONGEST


@pytest.mark.parametrize(
    ("name", "amount", "span"),
    [
        ("seconds", 90, 90 * SECOND),
        ("minutes", 1.5, 90 * SECOND),
        ("hours", 2, 2 * HOUR),
        ("days", 0.5, 12 * HOUR),
        ("weeks", 2, 2 * WEEK),
        ("seconds", 0, 0),
        ("seconds", 0.000001, 1),
    ],
)
def test_a_number_of_units_is_a_duration(name: str, amount: float, span: int) -> None:
    assert call(name, amount) == span


@pytest.mark.parametrize("amount", [-1, -0.5, 10**9, 1e300])
def test_a_duration_is_neither_negative_nor_longer_than_time(amount: float) -> None:
    with pytest.raises(ExpressionError, match="between 0 and"):
        call("days", amount)


def test_a_duration_is_read_from_iso_8601() -> None:
    assert call("duration", "P1DT1M") == DAY + MINUTE
    assert call("duration", "PT1,5M") == 90 * SECOND
    assert call("duration", "PT1.123456789S") == SECOND + 123_457


@pytest.mark.parametrize("text", ["", "soon", "P1M", pytest.param("x" * 100_000, id="long")])
def test_a_text_that_is_no_duration_is_shown_in_short(text: str) -> None:
    with pytest.raises(ExpressionError, match="is not a duration such as PT1M") as caught:
        call("duration", text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("plain", "2019-06-06T11:57:27.274725Z"),
        ("seconds", "2019-06-06T11:57:27Z"),
        ("milliseconds", "2019-06-06T11:57:27.274Z"),
        ("micros_space", "2019-06-06 11:57:27.274725+00:00"),
        ("date", "2019-06-06"),
        ("epoch", 1_559_822_247),
        ("epoch_ms", 1_559_822_247_274),
    ],
)
def test_an_instant_is_written_in_every_style(style: str, written: object) -> None:
    assert call("iso", MOMENT, style) == written


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("plain", "2019-06-06T11:57:27Z"),
        ("milliseconds", "2019-06-06T11:57:27.000Z"),
        ("micros_space", "2019-06-06 11:57:27.000000+00:00"),
    ],
)
def test_a_whole_second_has_the_fraction_that_its_style_asks_for(style: str, written: str) -> None:
    assert call("iso", MOMENT - MOMENT % SECOND, style) == written


@pytest.mark.parametrize("style", ["rfc", None, [], 5])
def test_an_unknown_style_is_answered_with_those_there_are(style: object) -> None:
    with pytest.raises(ExpressionError, match="plain, seconds, milliseconds"):
        call("iso", MOMENT, style)


@pytest.mark.parametrize("instant", [EARLIEST - 1, LAST + 1])
def test_an_instant_outside_the_calendar_is_not_written(instant: int) -> None:
    with pytest.raises(ExpressionError, match="years 1 to 9999"):
        call("iso", instant)


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("plain", "1969-12-31T23:59:58.500000Z"),
        ("seconds", "1969-12-31T23:59:58Z"),
        ("milliseconds", "1969-12-31T23:59:58.500Z"),
        ("date", "1969-12-31"),
        ("epoch", -2),
        ("epoch_ms", -1500),
    ],
)
def test_an_instant_before_1970_is_written_in_every_style(style: str, written: object) -> None:
    assert call("iso", -1_500_000, style) == written


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2019-06-06T11:57:27.274725Z", MOMENT),
        ("2019-06-06T13:57:27.274725+02:00", MOMENT),
        (1_559_822_247, MOMENT - 274_725),
        (1_559_822_247.274725, MOMENT),
        ("2019-06-06t11:57:27.274725z", MOMENT),
        ("1969-12-31T23:59:60Z", 0),
        ("1960-01-01T00:00:00Z", -3653 * DAY),
        (-1, -SECOND),
        (-0.5, -SECOND // 2),
        (None, None),
    ],
)
def test_an_instant_is_read_and_null_stays_null(value: object, expected: int | None) -> None:
    assert call("instant", value) == expected
    assert call("is_instant", value) is (value is not None)


@pytest.mark.parametrize(
    "value",
    [
        "2019-06-06T11:57:27",
        "yesterday",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        pytest.param("9" * 100_000, id="long"),
        1e300,
        10**30,
        -(10**15),
        float("nan"),
        True,
        [],
        {},
    ],
)
def test_a_value_that_is_no_instant_is_a_failure_and_never_null(value: object) -> None:
    assert call("is_instant", value) is False
    with pytest.raises(ExpressionError, match=r"instant|expected") as caught:
        call("instant", value)
    assert len(str(caught.value)) < 250


@given(st.integers(EARLIEST, LAST), st.sampled_from(["plain", "micros_space"]))
def test_an_instant_that_is_written_in_full_reads_the_same(instant: int, style: str) -> None:
    assert call("instant", call("iso", instant, style)) == instant


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["+44 7911 123456"], "+447911123456"),
        (["447911123456"], "+447911123456"),
        (["07911 123456", "GB"], "+447911123456"),
        (["+4740612345", "GB"], "+4740612345"),
        (["4740612345", "GB"], "+4740612345"),
        (["07911 123456"], None),
        (["+4412321321321"], None),
        (["+44 7911 123456" + " " * 40], None),
        (["hello"], None),
        ([""], None),
        ([447911123456], None),
        (["07911 123456", "XX"], None),
        (["07911 123456", 44], None),
    ],
)
def test_a_phone_number_has_one_normal_form_or_none(
    arguments: list[object], expected: str | None
) -> None:
    assert call("e164", *arguments) == expected


@unhurried
@given(st.text(alphabet="+0123456789 ()-", max_size=20))
def test_a_normal_form_is_its_own_normal_form(phone: str) -> None:
    normal = call("e164", phone)

    if normal is not None:
        assert call("e164", normal) == normal


@pytest.mark.parametrize(
    "address",
    [
        "jane@example.com",
        "jane.o'neil+tag@mail.example.co.uk",
        "j@a-b.io",
        "jane@localhost",
        "jane@example.c",
        "jane@10.0.0.10",
        '"a b"@x.org',
        "a@[127.0.0.1]",
        "a@[IPv6:::1]",
    ],
)
def test_an_address_is_an_email(address: str) -> None:
    assert call("is_email", address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jane",
        "@example.com",
        "jane@",
        "jösé@example.com",
        "a..b@x.org",
        "a@[127.0.0.300]",
        "jane@example..com",
        "jane@-example.com",
        "jane doe@example.com",
        "jane@example.com\n",
        "jane@example.com\r\nBcc: joe@example.com",
        "jane,joe@example.com",
        "Jane <jane@example.com>",
        "a@b@example.com",
        "ja\0ne@example.com",
        pytest.param("j" * 65 + "@example.com", id="a long name"),
        pytest.param("j@" + "a.b" * 100 + ".com", id="a long domain"),
        5,
        ["jane@example.com"],
    ],
)
def test_anything_else_is_not_an_email(address: object) -> None:
    assert not call("is_email", address)


def test_a_text_tells_whether_it_is_seven_bit() -> None:
    assert call("is_gsm7", "€5 für Ärger")
    assert not call("is_gsm7", "ça va")


def test_segments_are_told_as_a_map() -> None:
    assert call("segments_of", "日" * 71) == {"encoding": "ucs-2", "units": 71, "count": 2}


def test_a_code_challenge_is_the_one_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert call("sha256_base64url", verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_second_map_wins_a_merge() -> None:
    assert call("merge", {"a": 1, "b": 2}, {"b": 3}) == {"a": 1, "b": 3}


def test_what_is_omitted_is_gone() -> None:
    assert call("omit", {"a": 1, "b": None, "c": 2}, "a", "x") == {"b": None, "c": 2}


@pytest.mark.parametrize(("value", "told"), [({}, True), ([], False), (None, False), ("", False)])
def test_only_a_map_is_a_map(value: object, told: bool) -> None:
    assert call("is_map", value) is told


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ([None], []),
        (["name"], ["name"]),
        (["-name,+age"], ["-name", "age"]),
        (["name desc, age:ASC"], ["-name", "age"]),
        ([["name:desc", "age"]], ["-name", "age"]),
        (["name", "DESC"], ["-name"]),
        (["name", "asc"], ["name"]),
        (["created-at"], ["created-at"]),
        (["a b c"], []),
        ([5], ["5"]),
        ([",".join("abcdefghijklmn")], list("abcdefghij")),
    ],
)
def test_an_order_is_read_however_it_is_written(arguments: list[object], fields: object) -> None:
    assert call("ordering", *arguments) == fields


def test_a_compact_map_keeps_what_is_not_null() -> None:
    assert call("compact", {"a": None, "b": 0, "c": ""}) == {"b": 0, "c": ""}


def test_picked_members_come_in_the_order_they_are_asked_for() -> None:
    assert list(call("pick", {"a": 1, "b": 2}, "b", "c").items()) == [("b", 2), ("c", None)]


VIOLATIONS = [
    {"field": "channel.email", "message": "is required"},
    {"field": "rating", "message": "must be at most 5"},
    {"field": "rating", "message": "must be whole"},
]


def test_violations_are_grouped_by_their_field() -> None:
    assert call("by_field", VIOLATIONS) == {
        "channel.email": ["is required"],
        "rating": ["must be at most 5", "must be whole"],
    }


def test_violations_are_told_as_one_text() -> None:
    told = call("sentences", VIOLATIONS[:2])

    assert told == "channel.email is required; rating must be at most 5"


@pytest.mark.parametrize(
    ("text", "marks", "expected"),
    [
        ("Hi {{name}}!", [], "Hi Jane!"),
        ("Hi {{ name }}!", [], "Hi Jane!"),
        ("Hi @name how are you", ["@", ""], "Hi Jane how are you"),
        ("Hi @name.", ["@", ""], "Hi Jane."),
        ("Hi {name}", ["{", "}"], "Hi Jane"),
        ("At [[shop.name]]", ["[[", "]]"], "At Corner"),
        ("Hi {{nobody}}", [], "Hi {{nobody}}"),
        ("Hi {{nothing}}!", [], "Hi !"),
        ("{{trick}}", [], "{{name}}"),
        ("{{name}{{name}}", [], "{{name}Jane"),
        ("{{ {{ {{", [], "{{ {{ {{"),
    ],
)
def test_placeholders_are_filled_in_one_pass(text: str, marks: list[str], expected: str) -> None:
    values = {"name": "Jane", "shop.name": "Corner", "nothing": None, "trick": "{{name}}"}

    assert call("replace_placeholders", text, values, *marks) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("min", [1, 2], 1),
        ("min", [2, 1], 1),
        ("max", [1, 2.5], 2.5),
        ("max", ["a", "b"], "b"),
        ("min", [None, 5], 5),
        ("min", [5, None], 5),
        ("max", [None, 5], 5),
        ("max", [5, None], 5),
        ("max", [None, None], None),
    ],
)
def test_the_smaller_and_the_greater_of_two_pass_over_null(
    name: str, arguments: list[object], expected: object
) -> None:
    assert call(name, *arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([2.5], 3),
        ([-2.5], -3),
        ([2.4], 2),
        ([1.005, 2], 1.01),
        ([2.345, 2], 2.35),
        ([7], 7),
        ([7, 2], 7.0),
        ([2**53 + 1], 2**53 + 1),
        ([2**63, 9], float(2**63)),
        ([-0.4], 0),
    ],
)
def test_halves_are_rounded_away_from_zero(arguments: list[float], expected: float) -> None:
    assert call("round", *arguments) == expected


def test_a_number_too_large_to_count_with_is_not_rounded() -> None:
    with pytest.raises(ExpressionError, match="too large"):
        call("round", 1e300)


@pytest.mark.parametrize("digits", [-1, 10, 0.5])
def test_a_number_is_rounded_to_a_sensible_count_of_digits(digits: float) -> None:
    with pytest.raises(ExpressionError, match="0 to 9 digits"):
        call("round", 1.5, digits)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_no_value_makes_a_function_fail_in_any_way_but_its_own(
    name: str, data: st.DataObject
) -> None:
    count = FUNCTIONS[name].signature.count(",") + 1
    arguments = data.draw(st.lists(json_values, min_size=count, max_size=count))

    try:
        result = call(name, *arguments)
    except ExpressionError:
        return

    assert result is None or isinstance(result, bool | int | float | str | list | dict)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_documented_in_one_sentence(name: str) -> None:
    assert re.fullmatch(r"[A-Z].+\.", FUNCTIONS[name].doc)


def test_the_documentation_lists_every_function_by_name() -> None:
    signatures = [signature for signature, _ in documentation()]

    assert [signature.partition("(")[0] for signature in signatures] == sorted(FUNCTIONS)


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("lower", "lower(text)"),
        ("e164", "e164(phone, region=null, fictional=true)"),
        ("iso", 'iso(instant, style="plain")'),
        ("pick", "pick(value, names, …)"),
    ],
)
def test_a_signature_shows_what_may_be_left_out(name: str, signature: str) -> None:
    assert FUNCTIONS[name].signature == signature


@pytest.mark.parametrize(
    ("written", "region", "normal"),
    [
        ("+44 7700 900123", None, "+447700900123"),
        ("+44 (0)7700 900999", None, "+447700900999"),
        ("07700 900123", "GB", "+447700900123"),
        ("+44 1632 960001", None, "+441632960001"),
        ("+44 115 496 0001", None, "+441154960001"),
        ("+44 20 7946 0018", None, "+442079460018"),
        ("+33 6 39 98 01 23", None, "+33639980123"),
        ("06 39 98 01 23", "FR", "+33639980123"),
        ("+33 1 99 00 12 34", None, "+33199001234"),
        ("+1 (212) 555-0100", None, "+12125550100"),
        ("+1 555 555 0199", None, "+15555550199"),
        ("415-555-0123", "US", "+14155550123"),
        ("+353 20 910 1234", None, "+353209101234"),
        ("+61 2 5550 1234", None, "+61255501234"),
        ("+46 70 174 06 05", None, "+46701740605"),
        ("+49 30 23125 000", None, "+493023125000"),
    ],
)
def test_a_number_that_is_reserved_for_fiction_is_valid(
    written: str, region: str | None, normal: str
) -> None:
    assert call("e164", written, region) == normal


@pytest.mark.parametrize(
    "written", ["+44 7700 901123", "+33 6 39 97 01 23", "+1 555 555 0200", "+353 20 920 1234"]
)
def test_a_number_beside_a_reserved_range_is_not_valid(written: str) -> None:
    assert call("e164", written) is None


@pytest.mark.parametrize("written", ["+44 7700 900123", "+33 6 39 98 01 23", "+1 555 555 0123"])
def test_a_number_that_is_reserved_for_fiction_is_not_valid_where_that_is_off(
    written: str,
) -> None:
    assert call("e164", written, None, False) is None  # noqa: FBT003 - as expressions call it
    assert call("e164", "+44 7911 123456", None, False) == "+447911123456"  # noqa: FBT003 - as expressions call it


def test_whether_fictional_numbers_are_valid_is_true_or_false() -> None:
    with pytest.raises(ExpressionError, match="true or false"):
        call("e164", "+44 7700 900123", None, "no")

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.sms import Segments, gsm7, is_gsm7, segments

unhurried = settings(deadline=None)
BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡Ä§¿äÖñöÑüÜà"
EXTENDED = "\f^{}\\[~]|€"
gsm_texts = st.text(alphabet=BASIC + EXTENDED, max_size=700)
any_texts = st.text(alphabet="aé€😀日\u0301", max_size=400) | st.text(max_size=300)


@pytest.mark.parametrize("text", ["", "Hello, Jane!", BASIC, EXTENDED], ids=repr)
def test_the_seven_bit_alphabet_and_its_extensions_are_kept(text: str) -> None:
    assert is_gsm7(text)
    assert gsm7(text) == text


@pytest.mark.parametrize("character", ["`", "ç", "á", "😀", "日", "\t", "\x1b", "“", "\u00a0"])
def test_what_the_alphabet_lacks_is_left_out(character: str) -> None:
    assert not is_gsm7(character)
    assert gsm7(f"a{character}b") == "ab"


@pytest.mark.parametrize(
    ("text", "units", "count"),
    [
        pytest.param("", 0, 1, id="nothing"),
        pytest.param("a" * 160, 160, 1, id="a full message"),
        pytest.param("a" * 161, 161, 2, id="one septet more"),
        pytest.param("a" * 306, 306, 2, id="two full parts"),
        pytest.param("a" * 307, 307, 3, id="one septet more than two parts"),
        pytest.param("€" * 80, 160, 1, id="extension characters cost two"),
        pytest.param("a" * 159 + "€", 161, 2, id="an extension character at the end"),
        pytest.param("a" * 152 + "€" + "a" * 152, 306, 3, id="an escape is not cut in two"),
    ],
)
def test_a_seven_bit_text_is_counted_in_septets(text: str, units: int, count: int) -> None:
    assert segments(text) == Segments("gsm-7", units, count)


@pytest.mark.parametrize(
    ("text", "units", "count"),
    [
        pytest.param("日" * 70, 70, 1, id="a full message"),
        pytest.param("日" * 71, 71, 2, id="one character more"),
        pytest.param("日" * 134, 134, 2, id="two full parts"),
        pytest.param("日" * 135, 135, 3, id="one character more than two parts"),
        pytest.param("😀" * 35, 70, 1, id="an emoji is two units"),
        pytest.param("日" * 66 + "😀" + "日" * 66, 134, 3, id="a pair is not cut in two"),
        pytest.param("a" * 69 + "ç", 70, 1, id="one foreign character changes the whole"),
    ],
)
def test_any_other_text_is_counted_in_utf_16_units(text: str, units: int, count: int) -> None:
    assert segments(text) == Segments("ucs-2", units, count)


@unhurried
@given(any_texts)
def test_what_is_left_of_a_text_is_seven_bit(text: str) -> None:
    left = gsm7(text)

    assert is_gsm7(left)
    assert gsm7(left) == left


@unhurried
@given(any_texts)
def test_what_is_left_out_is_not_seven_bit(text: str) -> None:
    assert gsm7(text) == "".join(character for character in text if is_gsm7(character))


@unhurried
@given(any_texts)
def test_the_units_of_a_foreign_text_are_those_of_utf_16(text: str) -> None:
    found = segments(text + "日")

    assert found.units == len((text + "日").encode("utf-16-le")) // 2


def parts(sizes: list[int], room: int) -> int:
    """Fill parts one character at a time, as a telephone would."""
    filled = [0]
    for size in sizes:
        if filled[-1] + size > room:
            filled.append(0)
        filled[-1] += size
    return len(filled)


@unhurried
@given(gsm_texts)
def test_septets_fill_one_message_or_parts_that_hold_153(text: str) -> None:
    sizes = [2 if character in EXTENDED else 1 for character in text]
    count = 1 if sum(sizes) <= 160 else parts(sizes, 153)

    assert segments(text) == Segments("gsm-7", sum(sizes), count)


@unhurried
@given(any_texts)
def test_utf_16_units_fill_one_message_or_parts_that_hold_67(text: str) -> None:
    sizes = [len(character.encode("utf-16-le")) // 2 for character in text + "日"]
    count = 1 if sum(sizes) <= 70 else parts(sizes, 67)

    assert segments(text + "日") == Segments("ucs-2", sum(sizes), count)


@unhurried
@given(any_texts, st.sampled_from("a€日😀"))
def test_a_longer_text_never_takes_fewer_messages(text: str, more: str) -> None:
    assert segments(text + more).count >= segments(text).count

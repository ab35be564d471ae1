from typing import Any

import pytest

from mockserver.base.secrets import REDACTED
from mockserver.contract.masking import Masking
from mockserver.contract.schema_parts import DescribedValue
from mockserver.contract.secret_hiding import Redactor
from mockserver.language.functions import e164

TEXT = {"type": "string"}
ANY = DescribedValue.of({})


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("password", "hunter2!", REDACTED),
        ("note", "eyJhbGciOi.eyJzdWIi.c2ln", REDACTED),
        ("note", "call Zoltan", "masked1 masked2"),
        ("note", "Bearer abcdef", REDACTED),
        ("firstName", "Zoltan", "Person 1"),
        ("note", "zoltan@quux.example", "person1@example.com"),
        ("status", "sent", "masked1"),
        ("order_id", "A-17", "masked1"),
        ("order_id", "0123456789abcdefABCDEF0123456789", "masked1"),
        ("ref", "d3d8c966-0356-4ec0-baae-13ec3622ebc2", "d3d8c966-0356-4ec0-baae-13ec3622ebc2"),
        ("at", "2026-03-10T12:00:00Z", "2026-03-10T12:00:00Z"),
        ("birth_date", "1980-03-10", "Person 1"),
        ("link", "https://a:b@x.example/p?sig=1", "https://masked.example/1"),
        ("age", 41, 41),
        ("phone", 33698765432, 0),
        ("active", True, True),
        ("note", "", ""),
        ("cvv", 123, 0),
        ("cvc", "123", REDACTED),
        ("passcode", 4321, 0),
        ("passcode", "4321", REDACTED),
        ("pin", [4321], [0]),
    ],
)
def test_only_what_is_harmless_stays(name: str, value: Any, masked: Any) -> None:
    assert Masking().value(name, value, ANY) == masked


@pytest.mark.parametrize(
    "phone", ["+33698765432", "33698765432", "+447400987654", "+12125559876", "(212) 555-9876"]
)
def test_a_phone_number_becomes_another_valid_one(phone: str) -> None:
    masked = Masking().value("to", phone, ANY)
    assert masked != phone
    assert e164(masked) or e164(f"+{masked}")


def test_names_can_be_kept() -> None:
    masking = Masking(keep=["order_id"])
    assert masking.value("order_id", "A-17", ANY) == "A-17"
    assert masking.value("password", "A-17-b", ANY) == REDACTED


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("projectId", "demo-project", True),
        ("id", "42", True),
        ("token", "abc", False),
        ("email", "a", False),
        ("id", "zoe@quux.example", False),
        ("id", "+33698765432", False),
        ("id", "0123456789abcdefABCDEF0123456789", False),
    ],
)
def test_a_path_keeps_what_names_a_thing(name: str, value: str, stays: bool) -> None:
    assert Masking().is_identifier(name, value) is stays


@pytest.mark.parametrize("name", ["cvv", "cvc", "passcode", "pin"])
def test_a_parameter_with_the_name_of_a_secret_number_is_hidden(name: str) -> None:
    number = DescribedValue.of({"type": "integer"})
    assert Masking().written(name, "4321", number) == REDACTED
    assert not Masking().is_identifier(name, "4321")


def test_a_number_that_is_none_stays_none() -> None:
    assert e164(Masking().value("to", "+4412321321321", ANY)) is None


def test_the_same_value_has_the_same_mask_and_others_have_others() -> None:
    masking = Masking()
    names = [masking.value("name", one, ANY) for one in ("Ann", "Bob", "Ann")]
    assert names[0] == names[2] != names[1]


def test_what_the_document_says_is_public() -> None:
    masking = Masking("examples: {name: 'John Doe', text: Hello there, phone: '+33647385968'}")
    kept = {"name": "John Doe", "text": "Hello Zoltan", "phone": "+33647385968"}
    schema = {"properties": dict.fromkeys(kept, TEXT)}
    assert masking.value("", kept, DescribedValue.of(schema)) == {**kept, "text": "Hello masked1"}


def test_members_that_the_document_does_not_know_are_left_out_and_hidden() -> None:
    masking = Masking()
    schema = {"properties": {"a": {"properties": {"id": TEXT}}, "b": {"items": TEXT}}}
    value = {"a": {"id": "17", "z": ["canary-1"]}, "b": ["Zoltan"], "c": {"d": "canary-2"}}
    assert masking.value("", value, DescribedValue.of(schema)) == {
        "a": {"id": "17"},
        "b": ["masked1"],
    }
    assert masking.redact("canary-1 or canary-2") == f"{REDACTED} or {REDACTED}"


def test_schemas_are_followed_through_references_and_alternatives() -> None:
    schema = {
        "$ref": "#/$defs/0",
        "$defs": {"0": {"allOf": [{"$ref": "#/$defs/0"}, {"properties": {"id": {"enum": ["é"]}}}]}},
    }
    assert Masking().value("", {"id": "é", "x": "y"}, DescribedValue.of(schema)) == {"id": "é"}


@pytest.mark.parametrize(
    "written",
    [
        'say "secret ✓"',
        'say \\"secret ✓\\"',
        'say \\"secret \\u2713\\"',
        "say%20%22secret%20%E2%9C%93%22",
        "say+%22secret+%E2%9C%93%22",
    ],
)
def test_a_secret_is_hidden_however_it_is_written(written: str) -> None:
    redact = Redactor(['say "secret ✓"', "✓✓✓✓"])
    assert "secret" not in redact(f"<{written}>")

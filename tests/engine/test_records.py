from typing import Any

import pytest

from mockserver.base.errors import ConflictError, SandboxFullError
from mockserver.engine.records import Collection, Transaction
from mockserver.model.api import CollectionSpec

Row = dict[str, Any]


def collection(*records: Row, capacity: int = 100, **spec: Any) -> Collection:
    return Collection(CollectionSpec(name="things", key="id", **spec), records, capacity)


def ids(records: Any) -> list[Any]:
    return [record["id"] for record in records]


@pytest.mark.parametrize("key", [7, 7.0])
def test_a_record_is_found_by_a_number_that_equals_its_key(key: object) -> None:
    things = collection({"id": 7})

    assert things.by_key(key) == {"id": 7}
    assert things.get(key) == {"id": 7}
    assert things.find({"id": key}) == {"id": 7}
    assert ids(things.matching({"id": key})) == [7]


@pytest.mark.parametrize(
    ("stored", "wanted"), [(7, "7"), ("7", 7), (1, True), ("true", True)], ids=repr
)
def test_a_key_of_another_type_is_another_key(stored: object, wanted: object) -> None:
    things = collection({"id": stored})

    assert things.by_key(wanted) is None
    assert things.find({"id": wanted}) is None
    assert things.matching({"id": wanted}) == []


def test_a_record_with_the_key_must_have_the_other_values_too() -> None:
    things = collection({"id": "a", "n": 1})

    assert things.find({"id": "a", "n": 1}) == {"id": "a", "n": 1}
    assert things.find({"id": "a", "n": 2}) is None
    assert things.matching({"id": "b"}) == []


@pytest.mark.parametrize("indexed", [(), ("n",)], ids=["scanned", "indexed"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, ["a", "c"]),
        (1.0, ["a", "c"]),
        (True, ["d"]),
        ("1", []),
        (None, ["e", "g"]),
        ([1, {"x": None}], ["f"]),
    ],
    ids=repr,
)
def test_records_match_values_as_json_in_the_order_of_insertion(
    indexed: tuple[str, ...], value: object, expected: list[str]
) -> None:
    things = collection(
        {"id": "a", "n": 1},
        {"id": "b", "n": 2},
        {"id": "c", "n": 1},
        {"id": "d", "n": True},
        {"id": "e", "n": None},
        {"id": "f", "n": [1, {"x": None}]},
        {"id": "g"},
        indexed=indexed,
    )

    assert ids(things.matching({"n": value})) == expected
    assert ids([found] if (found := things.find({"n": value})) else []) == expected[:1]


def test_an_index_follows_replacements_and_deletions() -> None:
    things = collection(*({"id": key, "n": 1} for key in "abc"), indexed=("n",))

    things.replace("b", {"id": "b", "n": 2})
    assert (ids(things.matching({"n": 1})), ids(things.matching({"n": 2}))) == (["a", "c"], ["b"])
    things.remove("a")
    things.remove("c")
    assert things.matching({"n": 1}) == []
    things.insert({"id": "d", "n": 1})
    assert ids(things.matching({"n": 1})) == ["d"]


def test_a_unique_value_is_taken_until_its_record_is_gone() -> None:
    things = collection({"id": "a", "mail": "x"}, {"id": "b", "mail": "y"}, unique=("mail",))

    with pytest.raises(ConflictError) as taken:
        things.insert({"id": "c", "mail": "x"})
    assert (taken.value.field, taken.value.value) == ("mail", "x")
    with pytest.raises(ConflictError):
        things.replace("b", {"id": "b", "mail": "x"})
    things.replace("a", {"id": "a", "mail": "x", "n": 1})
    things.remove("a")
    things.insert({"id": "c", "mail": "x"})
    assert ids(things) == ["b", "c"]


def test_several_records_may_have_no_unique_value() -> None:
    things = collection({"id": "a"}, {"id": "b", "mail": None}, unique=("mail",))

    assert len(things) == 2


def test_a_key_is_taken_once_and_never_changes() -> None:
    things = collection({"id": 1})

    with pytest.raises(ConflictError):
        things.insert({"id": 1})
    with pytest.raises(ConflictError):
        things.replace("1", {"id": 2})
    assert list(things) == [{"id": 1}]


def test_a_collection_takes_as_many_records_as_it_may() -> None:
    things = collection({"id": "a"}, capacity=2)

    things.insert({"id": "b"})
    with pytest.raises(SandboxFullError, match="already holds 2 records"):
        things.insert({"id": "c"})
    assert ids(things) == ["a", "b"]


def test_a_rollback_restores_records_their_order_and_their_indexes() -> None:
    things = collection(*({"id": key, "n": 1} for key in "abc"), indexed=("n",))
    before = list(things)
    writes = Transaction(lambda _place: things)

    writes.insert(things, {"id": "d", "n": 1})
    writes.replace(things, "a", {"id": "a", "n": 2})
    writes.remove(things, "b")
    writes.put(things, "c", {"id": "c", "n": 3})
    writes.put(things, "e", {"id": "e", "n": 3})
    assert ids(things.matching({"n": 3})) == ["c", "e"]
    writes.roll_back()

    assert list(things) == before
    assert (ids(things.matching({"n": 1})), things.matching({"n": 3})) == (["a", "b", "c"], [])
    things.insert({"id": "f", "n": 1})
    assert ids(things.matching({"n": 1})) == ["a", "b", "c", "f"]


def test_nothing_is_undone_that_is_kept_or_twice() -> None:
    things = collection({"id": "a"})
    writes = Transaction(lambda _place: things)

    writes.remove(things, "a")
    writes.keep()
    writes.insert(things, {"id": "b"})
    writes.roll_back()
    writes.roll_back()

    assert list(things) == []


def test_put_replaces_the_record_of_its_key_without_an_index() -> None:
    things = collection({"id": "a", "n": 1}, {"id": "b", "n": 1})
    writes = Transaction(lambda _place: things)

    writes.put(things, "a", {"id": "a", "n": 2})
    assert list(things) == [{"id": "a", "n": 2}, {"id": "b", "n": 1}]
    writes.roll_back()
    assert list(things) == [{"id": "a", "n": 1}, {"id": "b", "n": 1}]

from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.errors import ConflictError
from mockserver.engine.records import Collection, Transaction
from mockserver.model.api import CollectionSpec
from mockserver.model.record_change import RecordChange

SPEC = CollectionSpec("things", "id", unique=("code",), indexed=("kind",))
PLAIN = CollectionSpec("things", "id")
SPECS = st.sampled_from([SPEC, PLAIN])
KEYS = st.sampled_from("abcdef")
RECORDS = st.fixed_dictionaries(
    {
        "id": KEYS,
        "code": st.one_of(st.none(), st.integers(0, 5)),
        "kind": st.sampled_from(["x", "y", 1, True, None]),
    }
)
Actions = list[tuple[str, str, dict[str, object]]]
VERBS = st.sampled_from(["put", "insert", "replace", "remove"])
ACTIONS = st.lists(st.tuples(VERBS, KEYS, RECORDS))


def act(transaction: Transaction, collection: Collection, actions: Actions) -> None:
    for action, key, record in actions:
        try:
            if action == "remove" and key in collection.rows:
                transaction.remove(collection, key)
            elif action == "replace" and key in collection.rows:
                transaction.replace(collection, key, record)
            elif action == "put":
                transaction.put(collection, str(record["id"]), record)
            elif action == "insert":
                transaction.insert(collection, record)
        except ConflictError:
            continue


def state(collection: Collection) -> tuple[object, ...]:
    found = [
        (kind, [record["id"] for record in collection.matching({"kind": kind})])
        for kind in ("x", "y", 1, True, None)
    ]
    return list(collection), found


@given(spec=SPECS, before=ACTIONS, during=ACTIONS)
def test_rolling_back_leaves_everything_as_it_was(
    spec: CollectionSpec,
    before: Actions,
    during: Actions,
) -> None:
    collection = Collection(spec)
    setup = Transaction(lambda _place: collection)
    act(setup, collection, before)
    earlier = state(collection)
    transaction = Transaction(lambda _place: collection)
    act(transaction, collection, during)
    transaction.roll_back()
    assert state(collection) == earlier


@given(actions=ACTIONS)
def test_an_index_finds_what_looking_at_every_record_finds(
    actions: Actions,
) -> None:
    collection = Collection(SPEC)
    act(Transaction(lambda _place: collection), collection, actions)
    for kind in ("x", "y", 1, True, None):
        looked = [
            record
            for record in collection
            if record["kind"] == kind and isinstance(record["kind"], bool) is isinstance(kind, bool)
        ]
        assert collection.matching({"kind": kind}) == looked


@given(spec=SPECS, actions=ACTIONS)
def test_every_record_is_kept_under_its_own_key(spec: CollectionSpec, actions: Actions) -> None:
    collection = Collection(spec)
    act(Transaction(lambda _place: collection), collection, actions)
    assert [record["id"] for record in collection] == list(collection.rows)


@given(actions=ACTIONS)
def test_a_unique_field_is_unique(actions: Actions) -> None:
    collection = Collection(SPEC)
    act(Transaction(lambda _place: collection), collection, actions)
    codes = [record["code"] for record in collection if record["code"] is not None]
    assert len(codes) == len(set(codes))


@given(spec=SPECS, before=ACTIONS, during=ACTIONS)
def test_a_fork_and_its_original_do_not_see_what_the_other_writes(
    spec: CollectionSpec, before: Actions, during: Actions
) -> None:
    collection = Collection(spec)
    act(Transaction(lambda _place: collection), collection, before)
    earlier = state(collection)
    fork, second = collection.fork(), collection.fork()
    act(Transaction(lambda _place: collection), fork, during)
    assert state(collection) == state(second) == earlier
    alone = Collection(spec)
    act(Transaction(lambda _place: collection), alone, [*before, *during])
    assert state(fork) == state(alone)


@given(before=ACTIONS, first=ACTIONS, second=ACTIONS)
def test_indexes_of_a_fork_and_its_original_are_right_after_both_have_written(
    before: Actions, first: Actions, second: Actions
) -> None:
    collection = Collection(SPEC)
    act(Transaction(lambda _place: collection), collection, before)
    fork = collection.fork()
    act(Transaction(lambda _place: collection), collection, first)
    act(Transaction(lambda _place: fork), fork, second)
    for one in (collection, fork):
        for kind in ("x", "y"):
            looked = [record for record in one if record["kind"] == kind]
            assert one.matching({"kind": kind}) == looked


@given(spec=SPECS, before=ACTIONS, during=ACTIONS)
def test_the_changes_of_one_collection_make_its_copy_equal(
    spec: CollectionSpec, before: Actions, during: Actions
) -> None:
    collection = Collection(spec)
    act(Transaction(lambda _place: collection), collection, before)
    copy, writes = collection.fork(), Transaction(lambda _place: collection)
    act(writes, collection, during)
    for change in map(RecordChange._make, writes.log):
        copy.apply(change)
    assert state(copy) == state(collection)
    for change in [RecordChange._make(write) for write in reversed(writes.log)]:
        copy.undo(change)
    writes.roll_back()
    assert state(copy) == state(collection)

"""Define the built-in collections, which each API has in each sandbox, and the fields of records.

The engine and the verbs keep the state of limits, messages, reviews and OAuth in them. `sandbox.py`
creates them. `snapshot.py` validates records of snapshots and of the control API by
`field_problems`, which yields the name and a message for each missing or invalid field, and nothing
for any other collection. `server/sources.py` and commands such as `cli/diff_command.py` pass
`BUILT_IN` to the loader, so that documents cannot declare these names; modules of `control/` use
single names. Records that steps write are not validated.
"""

from collections.abc import Callable, Iterator, Mapping

from mockserver.base.json import JsonValue
from mockserver.base.time import EARLIEST, LAST
from mockserver.model.api import CollectionSpec
from mockserver.model.outbox import OUTCOMES
from mockserver.model.scope import Record

Check = tuple[Callable[[JsonValue], bool], str]
"""A condition on the value of a field, and the end of a message if it fails."""


def _is_whole(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_state(value: JsonValue, length: int | None = None) -> bool:
    is_list = isinstance(value, list) and all(map(_is_whole, value))
    return is_list and length in (None, len(value))


_TEXT: Check = (lambda value: isinstance(value, str), "must be a string")
_ANYTHING: Check = (lambda _value: True, "")
_WHOLE: Check = (_is_whole, "must be an integer")
_STATE: Check = (_is_state, "must be a list of integers")
_PAIR: Check = (lambda value: _is_state(value, 2), "must be a list of two integers")
_ONE: Check = (lambda value: _is_state(value, 1), "must be a list of one integer")
_INSTANT: Check = (
    lambda value: _is_whole(value) and EARLIEST <= value <= LAST,
    "must be an instant: microseconds since 1970, as an integer, in the years 1 to 9999",
)
_WHOLE_OR_NULL: Check = (
    lambda value: value is None or _is_whole(value),
    "must be null or an integer",
)
_TEXT_OR_NULL: Check = (
    lambda value: value is None or isinstance(value, str),
    "must be null or a string",
)
_SWITCH: Check = (lambda value: isinstance(value, bool), "must be true or false")
_OUTCOME: Check = (lambda value: value in OUTCOMES, f"must be one of {', '.join(OUTCOMES)}")

_COUNTER = {"name": _TEXT, "subject": _TEXT}
_GRANT = {"client_id": _TEXT, "user_id": _ANYTHING, "scope": _TEXT, "family": _TEXT_OR_NULL}
_FIELDS: Mapping[str, Mapping[str, Check]] = {
    "quotas": {**_COUNTER, "state": _PAIR},
    "cooldowns": {**_COUNTER, "state": _ONE},
    "rate_limits": {**_COUNTER, "state": _STATE},
    "sequences": {"value": _WHOLE},
    "messages": {
        **dict.fromkeys(("id", "api", "operation", "request_id", "channel", "text"), _TEXT),
        **dict.fromkeys(("to", "from", "subject", "link", "data"), _ANYTHING),
        **dict.fromkeys(("created_at", "send_at", "sent_at", "delivered_at"), _INSTANT),
        "outcome": _OUTCOME,
    },
    "left_reviews": {
        **dict.fromkeys(("page", "id"), _TEXT),
        **dict.fromkeys(("about", "text", "name"), _ANYTHING),
        "rating": _WHOLE,
        "message_id": _TEXT_OR_NULL,
        "at": _INSTANT,
    },
    "oauth_codes": {
        **_GRANT,
        "redirect_uri": _TEXT_OR_NULL,
        "challenge": _TEXT_OR_NULL,
        "expires_at": _WHOLE,
    },
    "oauth_refresh_tokens": {**_GRANT, "used": _SWITCH, "expires_at": _WHOLE_OR_NULL},
}
"""The required fields of the records of each built-in collection, except the key."""


def field_problems(collection: str, record: Record) -> Iterator[tuple[str, str]]:
    """Yield name and message for every missing or invalid field of a record."""
    for name, (is_valid, rule) in _FIELDS.get(collection, {}).items():
        if name not in record:
            yield name, f"a record of {collection} needs {name!r}"
        elif not is_valid(record[name]):
            yield name, f"{name!r} of {collection} {rule}"


QUOTAS = CollectionSpec("quotas", description="Use of quotas, by quota and subject")


COOLDOWNS = CollectionSpec("cooldowns", description="Start of the latest cooldown of each subject")


RATE_LIMITS = CollectionSpec("rate_limits", description="Hits on rate limits, by subject")


SEQUENCES = CollectionSpec("sequences", description="The latest number of every sequence")


MESSAGES = CollectionSpec("messages", description="Simulated SMS and e-mails (the outbox)")


OAUTH_CODES = CollectionSpec("oauth_codes", description="Authorization codes, including used ones")


OAUTH_REFRESH_TOKENS = CollectionSpec(
    "oauth_refresh_tokens",
    indexed=("user_id", "family"),
    description="Refresh tokens, including used ones",
)


LEFT_REVIEWS = CollectionSpec(
    "left_reviews", description="Reviews from the pages that messages link to"
)


BUILT_IN = {
    spec.name: spec
    for spec in (
        LEFT_REVIEWS,
        QUOTAS,
        COOLDOWNS,
        RATE_LIMITS,
        SEQUENCES,
        MESSAGES,
        OAUTH_CODES,
        OAUTH_REFRESH_TOKENS,
    )
}

WORLD_COLLECTIONS = (
    CollectionSpec("clock", description="The clock of the sandbox: one record"),
    CollectionSpec("settings", description="Changed settings, by API"),
    CollectionSpec("faults", description="Faults, with their counts"),
    CollectionSpec("counters", description="Numbers that the sandbox itself keeps"),
)
"""The collections of a sandbox itself; no document, step or call reads or writes them by name."""

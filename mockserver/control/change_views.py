"""Convert the changes of an entry to the JSON of the control API, with secrets redacted.

- In: a sandbox, and changes of an entry of its history. Out: a `ChangeView` for each change: the
  place, the record before and after, and a line for people (`change_lines.py`).
- Callers: `change_calls.py`, and `history_calls.py`, which shows the paths of calls `without_keys`.
- Hidden are members with secret names, the values by which an API knows its principals, keys that
  are one of these, and for a request the credential that it presents.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED, names_secret
from mockserver.control.body_redaction import without_credentials
from mockserver.control.change_facts import facts_of
from mockserver.control.change_lines import change_line
from mockserver.control.redaction import redacted
from mockserver.engine.builtin_collections import OAUTH_CODES, OAUTH_REFRESH_TOKENS
from mockserver.engine.history import HistoryEntry
from mockserver.engine.sandbox import Sandbox
from mockserver.model.control_entry import ControlEntry
from mockserver.model.exchange import Exchange
from mockserver.model.record_change import WORLD, RecordChange, Write
from mockserver.model.scope import Record

_MOST_KEYS = 10
"""Keys that are looked for in a path; a call names one."""
_KEYS_ARE_SECRETS = (OAUTH_CODES.name, OAUTH_REFRESH_TOKENS.name)


class ChangeView(TypedDict):
    """What one write changed, without secrets."""

    api: str | None
    """Null for the sandbox's own: clock, settings, faults, counters."""
    collection: str
    key: str
    before: Record | None
    """The record before; null if it was added."""
    after: Record | None
    """The record after; null if it was removed."""
    text: str
    """The change in one line, for people."""


def writes_of(entry: HistoryEntry) -> Sequence[Write]:
    """Return what the state after an entry differs by; for a rewind, with what it took back."""
    if isinstance(entry, ControlEntry) and entry.cut is not None:
        return entry.net
    return entry.writes


def change_views(
    sandbox: Sandbox, entry: HistoryEntry, writes: Iterable[Write]
) -> list[ChangeView]:
    """Return changes of an entry as they are shown."""
    facts = facts_of(sandbox, entry)
    found: list[ChangeView] = []
    for write in writes:
        change = RecordChange._make(write)
        shown = _shown(sandbox, entry, change)
        api, collection = change.place
        found.append(
            {
                "api": None if api == WORLD else api,
                "collection": collection,
                "key": shown.key,
                "before": shown.before,
                "after": shown.after,
                "text": change_line(change, facts, shown),
            }
        )
    return found


def without_keys(sandbox: Sandbox, entry: HistoryEntry, text: str) -> str:
    """Return a path without the key at its end, if that is a credential."""
    for write in writes_of(entry)[:_MOST_KEYS]:
        change = RecordChange._make(write)
        fields, key_field = _secret_fields(sandbox, change)
        if change.key and (key_field in fields or names_secret(key_field)):
            for form in (change.key, quote(change.key), quote(change.key, safe="")):
                text = re.sub(rf"(?<=/){re.escape(form)}(?=\?|$)", REDACTED, text)
    return text


def _shown(sandbox: Sandbox, entry: HistoryEntry, change: RecordChange) -> RecordChange:
    """Return a change without secrets."""
    secrets, key_field = _secret_fields(sandbox, change)
    before = _without_secrets(change.before, secrets)
    after = _without_secrets(change.after, secrets)
    is_secret = key_field in secrets or names_secret(key_field)
    shown: list[JsonValue] = [REDACTED if is_secret else change.key, before, after]
    if isinstance(entry, Exchange):
        shown = without_credentials(entry, shown)
    key, before, after = shown
    return RecordChange(change.place, key, before, after, change.serial)


def _secret_fields(sandbox: Sandbox, change: RecordChange) -> tuple[set[str], str]:
    """Return the fields of a record that are credentials, and the field that is its key."""
    name, collection = change.place
    if name == WORLD or (api := sandbox.apis.get(name)) is None:
        return set(), "id"
    if collection in _KEYS_ARE_SECRETS:
        return {"id"}, "id"
    owners = (scheme.principals for scheme in api.schemes.values())
    fields = {one.field for one in owners if one is not None and one.collection == collection}
    spec = api.collections.get(collection)
    return fields, "id" if spec is None else spec.key


def _without_secrets(record: Record | None, secrets: set[str]) -> Record | None:
    if record is None:
        return None
    shown: Record = redacted(record)
    return {**shown, **{name: REDACTED for name in secrets if name in shown}}

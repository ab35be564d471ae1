"""Compare the security requirements and schemes of two versions of a document.

`document_changes.py` calls `security_changes` for each operation and `scheme_changes` once; both
yield a `Change`. Other requirements of an operation break clients only if credentials that were
sufficient are not any more; a scheme whose credentials are sent in another way always does. Schemes
that are new or removed are seen only where operations require them.
"""

from collections.abc import Iterator

from mockserver.contract.flattened_schemas import DocumentVersion
from mockserver.contract.schema_changes import Change
from mockserver.documents.references import Place
from mockserver.openapi.security_schemes import names_schemes, readable_requirements

_Alternative = frozenset[tuple[str, frozenset[str]]]
"""Security schemes that are required together, each with its scopes."""
_SCHEME_KEYS = ("type", "scheme", "in", "name")
_NO_SECURITY: frozenset[_Alternative] = frozenset((frozenset(),))


def security_changes(
    old: DocumentVersion, new: DocumentVersion, before: Place, after: Place, where: str
) -> Iterator[Change]:
    """Yield a change if an operation requires other credentials.

    It breaks clients if credentials that were sufficient are not sufficient any more.
    """
    was, is_now = _security(old, before), _security(new, after)
    if was != is_now:
        still_satisfied = all(any(_satisfies(one, other) for other in is_now) for one in was)
        message = f"security was {_text(was)}, is {_text(is_now)}"
        yield Change(where, message, not still_satisfied, after.source)


def scheme_changes(old: DocumentVersion, new: DocumentVersion) -> Iterator[Change]:
    """Yield a change for each security scheme whose credentials are sent in another way."""
    before, after = _schemes(old), _schemes(new)
    for name in before.keys() & after.keys():
        was, is_now = _scheme_text(before[name]), _scheme_text(after[name])
        if was != is_now:
            message = f"was {was}, is {is_now}"
            yield Change(f"security {name}", message, breaking=True, source=after[name].source)


def _schemes(side: DocumentVersion) -> dict[str, Place]:
    found = side.root.descend("components", "securitySchemes").members()
    return {name: side.resolve(place) for name, place in found}


def _scheme_text(scheme: Place) -> str:
    parts = [str(scheme.child(key).value) for key in _SCHEME_KEYS if scheme.child(key).value]
    keeps_case = parts[:1] == ["apiKey"] and "header" not in parts
    return " ".join([*parts[:-1], *(one if keeps_case else one.lower() for one in parts[-1:])])


def _security(side: DocumentVersion, operation: Place) -> frozenset[_Alternative]:
    own = operation.child("security")
    declared = [name for name, _ in side.root.descend("components", "securitySchemes").members()]
    place = own if names_schemes(own.value, declared) else side.root.child("security")
    found = frozenset(
        frozenset((name, frozenset(map(str, one.value or ()))) for name, one in item.members())
        for item in readable_requirements(place, declared)
    )
    return found or _NO_SECURITY


def _satisfies(given: _Alternative, asked: _Alternative) -> bool:
    scopes = dict(given)
    return all(name in scopes and needed <= scopes[name] for name, needed in asked)


def _text(security: frozenset[_Alternative]) -> str:
    return " or ".join(
        sorted(" and ".join(sorted(map(_scheme_name, one))) or "none" for one in security)
    )


def _scheme_name(use: tuple[str, frozenset[str]]) -> str:
    name, scopes = use
    return f"{name} ({', '.join(sorted(scopes))})" if scopes else name

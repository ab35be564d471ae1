"""What changed in who is let in, and whether it locks clients out."""

from collections.abc import Iterator

from mockserver.contract.flattened_schemas import Side
from mockserver.contract.schema_changes import Change
from mockserver.documents.references import Place

Alternative = frozenset[tuple[str, frozenset[str]]]
"""Schemes that are asked for together, each with its scopes."""
_PRESENTED_BY = ("type", "scheme", "in", "name")
_NOBODY_IS_ASKED: frozenset[Alternative] = frozenset((frozenset(),))


def security_changes(
    old: Side, new: Side, before: Place, after: Place, where: str
) -> Iterator[Change]:
    """Tell whether an operation asks for other credentials: breaking if what was enough is not."""
    was, is_now = _security(old, before), _security(new, after)
    if was != is_now:
        is_enough = all(any(_satisfies(one, other) for other in is_now) for one in was)
        message = f"security was {_shown(was)}, is {_shown(is_now)}"
        yield Change(where, message, not is_enough, after.source)


def scheme_changes(old: Side, new: Side) -> Iterator[Change]:
    """Tell which schemes are presented in another way than before."""
    before, after = _schemes(old), _schemes(new)
    for name in before.keys() & after.keys():
        was, is_now = _way(before[name]), _way(after[name])
        if was != is_now:
            message = f"was {was}, is {is_now}"
            yield Change(f"security {name}", message, breaking=True, source=after[name].source)


def _schemes(side: Side) -> dict[str, Place]:
    found = side.whole.descend("components", "securitySchemes").members()
    return {name: side.resolve(place) for name, place in found}


def _way(scheme: Place) -> str:
    said = [str(scheme.child(key).value) for key in _PRESENTED_BY if scheme.child(key).value]
    is_case_kept = said[:1] == ["apiKey"] and "header" not in said
    return " ".join([*said[:-1], *(one if is_case_kept else one.lower() for one in said[-1:])])


def _security(side: Side, operation: Place) -> frozenset[Alternative]:
    own = operation.child("security")
    place = own if isinstance(own.value, list) else side.whole.child("security")
    found = frozenset(
        frozenset((name, frozenset(map(str, one.value or ()))) for name, one in item.members())
        for item in place.items()
    )
    return found or _NOBODY_IS_ASKED


def _satisfies(given: Alternative, asked: Alternative) -> bool:
    scopes = dict(given)
    return all(name in scopes and needed <= scopes[name] for name, needed in asked)


def _shown(security: frozenset[Alternative]) -> str:
    return " or ".join(sorted(" and ".join(sorted(map(_named, one))) or "none" for one in security))


def _named(use: tuple[str, frozenset[str]]) -> str:
    name, scopes = use
    return f"{name} ({', '.join(sorted(scopes))})" if scopes else name

"""Define the kinds of values that functions of expressions declare for parameters and results.

`functions.py` and `durations.py` declare them as annotations, such as `TextOrNull`; a plain
`JsonValue` is any kind. When a document is loaded, `kind_checks.py` reads them with `signature_of`
and compares them with those of the arguments (`Kinds.accepts`). `verbs/` and `openapi/policies.py`
declare the kinds of fields and settings. Instants and durations are numbers, but kinds of their
own, so that one is not taken for the other. Nothing is checked at request time.
"""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any

from mockserver.base.json import JsonValue


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds that a value can have."""

    names: frozenset[str]
    choices: tuple[str, ...] = ()
    """The texts that are allowed; empty: any."""

    def __or__(self, other: "Kinds") -> "Kinds":
        return Kinds(self.names | other.names)

    def accepts(self, given: "Kinds") -> bool:
        """Return False if no value of the given kinds can be one of these, null left aside."""
        return bool(self.names & (given.names - {"null"} or given.names))

    def __str__(self) -> str:
        """Return the names of the kinds for a message."""
        kinds = ("number",) if self.names >= _NUMBERS else tuple(sorted(_NUMBERS & self.names))
        others = sorted(self.names - _NUMBERS - {"null"}) or (["null"] if not kinds else [])
        return " or ".join(_PHRASES[name] for name in (*others, *kinds))


_NUMBERS = frozenset(("number", "instant", "duration"))
_PHRASES = {
    "null": "null",
    "boolean": "a boolean",
    "number": "a number",
    "text": "text",
    "list": "a list",
    "map": "a map",
    "instant": "an instant",
    "duration": "a duration",
}


def _kinds(*names: str) -> Kinds:
    """Return a set of kinds by their names."""
    return Kinds(frozenset(names))


ANY = _kinds(*_PHRASES)
NULL, BOOLEAN, NUMBER, TEXT, LIST, MAP, INSTANT, DURATION = (
    _kinds(name)
    for name in ("null", "boolean", "number", "text", "list", "map", "instant", "duration")
)
NUMERIC = Kinds(_NUMBERS)
SPAN = DURATION | NUMBER | NULL
"""What an expression for a duration returns: arithmetic gives plain numbers."""

Text = Annotated[JsonValue, TEXT]
TextOrNull = Annotated[JsonValue, TEXT | NULL]
Number = Annotated[JsonValue, NUMERIC]
NumberOrNull = Annotated[JsonValue, NUMERIC | NULL]
Amount = Annotated[JsonValue, NUMBER]
"""A number that is neither an instant nor a duration."""
List = Annotated[JsonValue, LIST]
ListOrNull = Annotated[JsonValue, LIST | NULL]
Map = Annotated[JsonValue, MAP]
MapOrNull = Annotated[JsonValue, MAP | NULL]
Boolean = Annotated[JsonValue, BOOLEAN]
Duration = Annotated[int, DURATION]
InstantOrNull = Annotated[JsonValue, INSTANT | NULL]
Sized = Annotated[JsonValue, TEXT | LIST | MAP | NULL]
Comparable = Annotated[JsonValue, NUMERIC | TEXT | NULL]

_PLAIN: Mapping[Any, Kinds] = MappingProxyType(
    {str: TEXT, int: NUMBER, float: NUMBER, bool: BOOLEAN}
)


@dataclass(frozen=True, slots=True)
class Signature:
    """The declared kinds of a function."""

    parameters: tuple[tuple[str, Kinds], ...]
    rest: tuple[str, Kinds] | None
    """The parameter that takes all further arguments, if any."""
    result: Kinds

    def parameter(self, index: int) -> tuple[str, Kinds]:
        """Return the name and the kinds of an argument's parameter."""
        if index < len(self.parameters):
            return self.parameters[index]
        return self.rest or ("", ANY)


@lru_cache(512)
def signature_of(call: Callable[..., Any]) -> Signature:
    """Return the declared kinds of a function."""
    declared = inspect.signature(call)
    positional, rest = [], None
    for one in declared.parameters.values():
        pair = (one.name, _declared(one.annotation))
        if one.kind is one.VAR_POSITIONAL:
            rest = pair
        else:
            positional.append(pair)
    return Signature(tuple(positional), rest, _declared(declared.return_annotation))


def _declared(annotation: Any) -> Kinds:  # noqa: ANN401 - any annotation
    found = [one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, Kinds)]
    return found[0] if found else _PLAIN.get(annotation, ANY)


def kinds_of(value: JsonValue) -> Kinds:
    """Return the kind of a value."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, str):
        return TEXT
    return LIST if isinstance(value, list) else MAP if isinstance(value, dict) else NUMBER


def one_of(choices: Collection[str]) -> Kinds:
    """Return the kind of a text that is one of some."""
    return Kinds(TEXT.names, tuple(choices))

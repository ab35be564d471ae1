"""Placeholders in interactions: `${NAME}`, `${NAME:-default}` and `${interaction:/pointer}`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.errors import MockserverError
from mockserver.base.json import JsonValue, unescape
from mockserver.base.problems import near

PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_REFERENCE = re.compile(r"([^:{}\n]+):((?:/[^{}]*)?)")


class UnsetPlaceholderError(MockserverError):
    """A placeholder without a value."""


@dataclass(slots=True)
class Variables:
    """Values of placeholders: from the environment, from answers, and defaults."""

    environment: Mapping[str, str]
    defaults: bool = True
    """Take the default of a variable that is not set; they are made for a mockserver."""
    answers: dict[str, JsonValue] = field(default_factory=dict)
    """JSON bodies (or headers under `headers`) of earlier answers, by interaction."""
    used: set[str] = field(default_factory=set)
    """Values that came from the environment: secrets, to be shown nowhere."""

    def fill(self, value: JsonValue) -> JsonValue:
        """Replace the placeholders in all texts of a JSON value.

        Raises:
            UnsetError: If one has no value.
        """
        if isinstance(value, str):
            return self._fill_text(value)
        if isinstance(value, Mapping):
            return {key: self.fill(member) for key, member in value.items()}
        return [self.fill(item) for item in value] if isinstance(value, list) else value

    def _fill_text(self, text: str) -> JsonValue:
        whole = PLACEHOLDER.fullmatch(text)
        if whole is not None:
            return self._value(whole[1])
        return PLACEHOLDER.sub(lambda found: str(self._value(found[1])), text)

    def _value(self, content: str) -> JsonValue:
        if (named := _NAME.fullmatch(content)) is not None:
            return self._variable(named[1], named[2])
        if (reference := _REFERENCE.fullmatch(content)) is not None:
            return self._from_answer(reference[1], reference[2])
        raise UnsetPlaceholderError(f"${{{content}}} is neither a variable nor a part of an answer")

    def _variable(self, name: str, default: str | None) -> str:
        if (value := self.environment.get(name)) is not None:
            self.used.add(value)
            return value
        if default is not None and self.defaults:
            return default
        raise UnsetPlaceholderError(f"set the environment variable {name}")

    def _from_answer(self, name: str, pointer: str) -> JsonValue:
        if name not in self.answers:
            hint = near(name, self.answers)
            raise UnsetPlaceholderError(
                f"{name!r} was not answered before this{'; ' + hint if hint else ''}"
            )
        try:
            return value_at(self.answers[name], pointer)
        except LookupError:
            raise UnsetPlaceholderError(
                f"the answer to {name!r} has nothing at {pointer}"
            ) from None


def value_at(value: Any, pointer: str) -> JsonValue:  # noqa: ANN401 - any JSON
    """Return what stands under a JSON Pointer; LookupError if there is nothing."""
    for token in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value[unescape(token)]
        elif isinstance(value, list) and re.fullmatch(r"\d{1,9}", token, re.ASCII):
            value = value[int(token)]
        else:
            raise KeyError(token)
    return value


def references(value: JsonValue) -> Iterator[str]:
    """Yield the names of the interactions whose answers a value refers to."""
    if isinstance(value, str):
        for found in PLACEHOLDER.finditer(value):
            reference = _REFERENCE.fullmatch(found[1])
            if reference is not None and not _NAME.fullmatch(found[1]):
                yield reference[1]
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)

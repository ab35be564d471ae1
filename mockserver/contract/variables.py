"""Replace placeholders in interactions: `${NAME}`, `${NAME:-default}`, `${interaction:/pointer}`.

`request_writing.py` and `cli/contract_options.py` call `Variables.fill`, which raises
`UnsetPlaceholderError` for a placeholder without a value; the environment is what their callers
pass. `verification.py` adds answers, and switches `defaults` off for a real service. Values taken
from the environment are collected in `used`, because reports must hide them. `interaction_files.py`
finds `references`; `conformance.py`, `schema_parts.py` and `conforming_masks.py` follow pointers by
`value_at` (`LookupError` if there is no value).
"""

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
    """Sources of values for placeholders: the environment, earlier answers, and defaults."""

    environment: Mapping[str, str]
    defaults: bool = True
    """Use the default of a variable that is not set; defaults are only valid for a mockserver."""
    answers: dict[str, JsonValue] = field(default_factory=dict)
    """JSON bodies of earlier answers, or their headers, by the name of the interaction."""
    used: set[str] = field(default_factory=set)
    """Values from the environment that were used; they are secrets and must not be printed."""

    def fill(self, value: JsonValue) -> JsonValue:
        """Replace the placeholders in all strings of a JSON value.

        A string that is only a reference to an answer becomes the value itself, of any type.

        Raises:
            UnsetPlaceholderError: If a placeholder has no value.
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
        message = f"${{{content}}} is neither a variable nor a reference to an answer"
        raise UnsetPlaceholderError(message)

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
            message = f"there is no earlier answer to {name!r}"
            raise UnsetPlaceholderError(f"{message}; {hint}" if hint else message)
        try:
            return value_at(self.answers[name], pointer)
        except LookupError:
            message = f"the answer to {name!r} has no value at {pointer}"
            raise UnsetPlaceholderError(message) from None


def value_at(value: Any, pointer: str) -> JsonValue:  # noqa: ANN401 - any JSON
    """Return the value at a JSON Pointer.

    Raises:
        LookupError: If there is no value.
    """
    for token in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value[unescape(token)]
        elif isinstance(value, list) and re.fullmatch(r"\d{1,9}", token, re.ASCII):
            value = value[int(token)]
        else:
            raise KeyError(token)
    return value


def references(value: JsonValue) -> Iterator[str]:
    """Yield the names of the interactions to whose answers a value refers."""
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

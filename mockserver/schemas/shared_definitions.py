"""Keep the converted schemas of a document by name, compile them together, and validate by name.

`validators.py` makes one `SharedDefinitions` for each dialect and direction, adds definitions and
asks: `check` returns a predicate, `errors` the library's errors, `needed_schema` a self-contained
schema. `part_checks.py` asks, too. One validator of all is compiled at the first validation, and
again after an addition; `compiled_alone` returns one of a definition that reaches at most 3 others,
else None. `cut_unbounded` makes endless or too costly definitions accept anything. Nothing is
converted here.
"""

# Why together
#
# In many documents, schemas refer to each other so that each one reaches nearly all others (Stripe
# has 1,600 of them). The validator library compiles all that a schema reaches, so that a validator
# for each would take the whole document's memory each time. Therefore one validator contains all
# definitions as properties, `{"properties": {"17": {"$ref": "#/$defs/17"}}}`, and a value is
# validated against definition 17 as `{"17": value}`. It is compiled at the first validation,
# because many runs never need it, and again if definitions were added since.
#
# A definition that reaches few others, as those of most parameters do, is compiled alone.

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jsonschema_rs

from mockserver.base.json import JsonValue
from mockserver.schemas.compilation import Check, compile_schema
from mockserver.schemas.reference_cycles import SameValueCosts

ADDRESS = "mock:/"
"""The base address of definitions that have addresses of their own."""
_MOST_ALONE = 4
"""How many definitions a validator of its own may contain; some 50 kB."""


class SharedDefinitions:
    """Definitions that refer to each other by name; a definition never changes.

    Args:
        draft: 4, 6, 7, 2019-09 or 2020-12.
        keyword: The keyword for definitions in that draft.
    """

    def __init__(self, draft: str, keyword: str) -> None:
        self.draft = draft
        self.keyword = keyword
        self.schemas: dict[str, JsonValue] = {}
        self._targets: dict[str, tuple[str, ...]] = {}
        self._addressed: set[str] = set()
        self._costs = SameValueCosts(self.schemas)
        self._is_valid: Check = self._compile_and_check
        self._compiled: jsonschema_rs.Validator | None = None

    def add(
        self, name: str, schema: JsonValue, targets: Iterable[str], *, has_address: bool
    ) -> None:
        """Add a definition.

        Args:
            name: Its name, without characters that a JSON Pointer escapes.
            schema: The converted schema.
            targets: The definitions that it refers to.
            has_address: Whether it has an `$id` below `ADDRESS`.
        """
        self.schemas[name] = schema
        self._targets[name] = tuple(targets)
        if has_address:
            self._addressed.add(name)
        self._forget()

    def cut_unbounded(self, name: str) -> list[str]:
        """Make definitions accept anything where a value would be validated without a bound.

        Args:
            name: The definition to start from; all that it refers to were added.

        Returns:
            The definitions that accept anything from now on.
        """
        found = self._costs.unbounded(name)
        for cut in found:
            self.schemas[cut] = {}
        if found:
            self._forget()
        return found

    @property
    def largest_cost(self) -> int:
        """The maximum number of definitions that one of them applies to one value."""
        return self._costs.largest

    def _forget(self) -> None:
        """Drop the validator, so that the next validation compiles a new one."""
        self._compiled = None
        self._is_valid = self._compile_and_check

    # --- schemas ---

    def schema(self, name: str) -> dict[str, JsonValue]:
        """Return a self-contained schema with all definitions; it shares them, and so is small."""
        return self._bundle({"$ref": f"#/{self.keyword}/{name}"}, self.schemas)

    def needed_schema(self, name: str) -> dict[str, JsonValue]:
        """Return a self-contained schema with only the definitions that it needs."""
        return self.with_needed({"$ref": f"#/{self.keyword}/{name}"}, [name])

    def with_needed(self, part: dict[str, JsonValue], names: Iterable[str]) -> dict[str, JsonValue]:
        """Return a subschema with some definitions and all that these refer to."""
        return self._bundle(part, self._reached(names))

    def _bundle(
        self, root: dict[str, JsonValue], definitions: dict[str, JsonValue]
    ) -> dict[str, JsonValue]:
        has_address = not self._addressed.isdisjoint(definitions)
        address = {"$id": ADDRESS} if has_address else {}
        return {**root, **address, self.keyword: definitions}

    def _reached(self, names: Iterable[str]) -> dict[str, JsonValue]:
        """Return some definitions and all that they refer to."""
        found: dict[str, JsonValue] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self.schemas[name]
                waiting += self._targets[name]
        return found

    # --- whole definitions ---

    def check(self, name: str) -> Check:
        """Return a predicate for the values that conform to a definition."""
        return lambda value: self._is_valid({name: value})

    def errors(self, name: str, value: JsonValue) -> Iterator[Any]:
        """Return the library's errors; the name is the first key of their paths."""
        return self._whole().iter_errors({name: value})

    def alternatives(self, name: str, path: Sequence[str | int]) -> list[str]:
        """Return the names of alternatives, for messages.

        Args:
            name: The definition that was validated.
            path: The keys that lead to `anyOf` or `oneOf`, from the definition, or from the keyword
                for definitions.
        """
        is_bundled = path[0] == self.keyword
        found: JsonValue = {self.keyword: self.schemas} if is_bundled else self.schemas[name]
        for key in path:
            found = found[key if isinstance(found, list) else str(key)]
        return [self._title(part) or f"schema {place}" for place, part in enumerate(found, 1)]

    def _title(self, part: JsonValue) -> str:
        """Return the name of the component that a schema is or refers to, if it has one."""
        if not isinstance(part, dict):
            return ""
        target = self.schemas.get(str(part.get("$ref")).rpartition("/")[2])
        found = target if isinstance(target, dict) else part
        return str(found.get("x-name", ""))

    def compiled_alone(self, name: str) -> jsonschema_rs.Validator | None:
        """Return a new validator of a definition that reaches few others; None if it does not."""
        reached = self._reached([name])
        if len(reached) > _MOST_ALONE or not self._addressed.isdisjoint(reached):
            return None
        alone = self.needed_schema(name) if self._targets[name] else self.schemas[name]
        return compile_schema(alone, self.draft)

    def _whole(self) -> jsonschema_rs.Validator:
        if self._compiled is None:
            properties = {name: {"$ref": f"#/{self.keyword}/{name}"} for name in self.schemas}
            whole = self._bundle({"properties": properties}, self.schemas)
            self._compiled = compile_schema(whole, self.draft)
            self._is_valid = self._compiled.is_valid
        return self._compiled

    def _compile_and_check(self, value: JsonValue) -> bool:
        return self._whole().is_valid(value)

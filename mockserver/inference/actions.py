"""What is done to an item by a path below it, or to all items at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference import list_steps
from mockserver.inference.envelopes import unwrapped
from mockserver.inference.expression_text import constant, mapping, names, said
from mockserver.inference.item_steps import Step, StepWriter
from mockserver.inference.object_schemas import plain, singular
from mockserver.inference.record_keys import own_fields

_DONE = {
    "activate": "active",
    "begin": "begun",
    "deactivate": "inactive",
    "disable": "disabled",
    "hold": "onhold",
    "pay": "paid",
    "reopen": "open",
    "send": "sent",
    "start": "inprogress",
    "withdraw": "withdrawn",
}
"""What a thing is then, where it isn't a verb with -ed."""
_VOWELS = "aeiou"


@dataclass(frozen=True, slots=True)
class ActionWriter(StepWriter):
    """Writes the steps of an action on one item, such as `POST /orders/{id}/cancel`, or on all."""

    def clear(self) -> list[Step] | None:
        """Remove the records that the parameters ask for, if all of them ask for some."""
        query = self.reader.parameters(self.route.item, self.place, "query")
        plan = list_steps.plan(query, self.resource, self.reader)
        is_clear = list_steps.filters_by(plan, self.resource, self.reader) == len(query)
        if self.place.child("requestBody").value is not None or not is_clear:
            return None
        steps = list_steps.list_step(plan, self.resource, self._owners(), self.reader, is_bare=True)
        self._add_condition(steps[-1]["list"])
        each = {"of": "{{ page.items }}", "as": self._name, "steps": self._removal()}
        found, answer = self.reader.success(self.place)
        is_empty = not answer.child("content").members()
        responds = [{"respond": {"status": found}}] if is_empty else []
        return [*self._parents(), *steps, {"each": each}, *responds]

    def act(self) -> list[Step] | None:
        """Change a record as the action's name and body say, and answer as documented."""
        answer = self._answer(said(self._name), preferred=())
        if not answer or not self._is_about_the_item():
            return None
        fields = dict(self._outcome())
        sent = self._taken() if fields or self._says_how_it_is() else []
        change = [self._changed(sent, fields)] if fields or sent else []
        return [*self._parents(), self._find(), *change, *answer]

    def part(self) -> list[Step] | None:
        """Answer some of a record's properties, and change them if some are sent."""
        found, answer = self.reader.success(self.place)
        sent = self._taken()
        if not sent and self.place.child("requestBody").value is not None:
            return None
        change = [self._changed(sent, {})] if sent else []
        media = self.reader.json(answer)
        view = None if media is None else self.reader.view(media[1].child("schema"))
        if media is None and not answer.child("content").members():
            respond: Step = {"respond": {"status": found}}
        elif media and view and view.properties.keys() <= self.resource.view.properties.keys():
            respond = self._respond(found, media[0], said(self._name))
        else:
            return None
        return [*self._parents(), self._find(), *change, respond]

    def _is_about_the_item(self) -> bool:
        """Tell whether the answer is the item, or nothing."""
        answer = self.reader.success(self.place)[1]
        media = self.reader.json(answer)
        if media is None:
            return not answer.child("content").members()
        view = unwrapped(media[1].child("schema"), self.resource.noun, self.reader)
        return view is not None and view.place.key == self.resource.view.place.key

    @property
    def _verb(self) -> str:
        return plain(self.route.path.rstrip("/").rpartition("/")[2])

    def _says_how_it_is(self) -> bool:
        """Tell whether the body is of the item itself, not of something to add to it."""
        if self._verb in map(plain, self._taken()):
            return True
        is_of_it = self._verb not in map(plain, self.resource.view.properties)
        is_answered = self.reader.json(self.reader.success(self.place)[1]) is not None
        return is_answered and is_of_it and singular(self._verb) == self._verb

    def _taken(self) -> list[str]:
        """List the members of the body that are the item's, too."""
        schema = self.reader.body(self.place)
        view = None if schema is None else self.reader.view(schema)
        if view is None:
            return []
        fixed = {self.resource.key, *self._held(), *own_fields(self.resource, self.reader)}
        known = self.resource.view.properties
        return [name for name in view.properties if name in known and name not in fixed]

    def _changed(self, sent: list[str], fields: dict[str, str]) -> Step:
        given = f"compact(pick(body{names(sent)}))" if sent else "{}"
        record = f"merge(merge({self._name}, {given}), {mapping(fields)})"
        return self._update(f"merge({record}, {self._same(frozenset())})")

    def _outcome(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that say that it was done, each with an expression."""
        forms = _forms(self._verb)
        undone = self._verb.removeprefix("un") if self._verb.startswith("un") else ""
        for name, schema in self.resource.view.properties.items():
            own = plain(name).removeprefix("is")
            kinds = self.reader.types(schema)
            if (state := self._state(schema, forms)) is not None:
                yield name, constant(state)
            elif kinds == {"boolean"} and (own in forms or (undone and own in _forms(undone))):
                yield name, "true" if own in forms else "false"
            elif self.reader.say(schema, "format") == "date-time" and own in _times(forms):
                yield name, 'iso(now, "milliseconds")'

    def _state(self, schema: Place, forms: list[str]) -> JsonValue:
        """Return the one of a property's values that the action leads to."""
        choices = self.reader.say(schema, "enum")
        texts = (
            [one for one in choices if isinstance(one, str)] if isinstance(choices, list) else []
        )
        return next((one for form in forms for one in texts if plain(one) == form), None)


def _times(forms: list[str]) -> list[str]:
    return [form + end for form in forms for end in ("at", "on")]


def _forms(verb: str) -> list[str]:
    """Return the words for what a verb leads to: `cancel` → cancelled, canceled."""
    if not verb:
        return []
    regular = [verb + "ed", verb + verb[-1] + "ed"]
    if verb.endswith("e"):
        regular = [verb + "d"]
    elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        regular = [verb[:-1] + "ied"]
    return [*([_DONE[verb]] if verb in _DONE else []), *regular]

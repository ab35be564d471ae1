"""Write the steps of actions on an item (`/orders/{id}/cancel`), of its parts, and of clearing.

`inference.py` makes an `ActionWriter` for every operation of a resource, and calls `act`, `part` or
`clear`; it inherits the steps for collections and items from `item_steps.py`. A method returns
steps as values of a document, or None if the operation stays as documented. What an action changes
follows only from its name, its body, and the names and types of the item's properties: an enum
value, a boolean or a time such as `cancelled_at`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference import list_steps
from mockserver.inference.envelopes import unwrapped
from mockserver.inference.expression_text import constant, mapping, names, template
from mockserver.inference.item_steps import Step, StepWriter
from mockserver.inference.object_schemas import normalized, singular
from mockserver.inference.record_keys import read_only_properties

_RESULTS = {
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
"""States after an action, where they are not the verb with -ed."""
_VOWELS = "aeiou"


@dataclass(frozen=True, slots=True)
class ActionWriter(StepWriter):
    """Writes steps such as those of `POST /orders/{id}/cancel` and `DELETE /orders`."""

    def clear(self) -> list[Step] | None:
        """Delete the records that match the query; None if a parameter is not a filter."""
        query = self.reader.parameters(self.route.item, self.place, "query")
        plan = list_steps.plan(query, self.resource, self.reader)
        only_filters = list_steps.filter_count(plan, self.resource, self.reader) == len(plan.query)
        if self.place.child("requestBody").value is not None or not only_filters:
            return None
        steps = list_steps.list_step(plan, self.resource, self._owners(), self.reader, is_bare=True)
        self._add_condition(steps[-1]["list"])
        each = {"of": "{{ page.items }}", "as": self._name, "steps": self._removal()}
        status, answer = self.reader.success(self.place)
        is_empty = not answer.child("content").members()
        respond = [{"respond": {"status": status}}] if is_empty else []
        return [*self._parents(), *steps, {"each": each}, *respond]

    def act(self) -> list[Step] | None:
        """Change a record by the name and the body of the action, and answer as documented."""
        answer = self._answer(template(self._name), preferred=())
        if not answer or not self._answers_the_item():
            return None
        fields = dict(self._outcome())
        properties = self._item_properties_in_body() if fields or self._body_changes_item() else []
        change = [self._changed(properties, fields)] if fields or properties else []
        return [*self._parents(), self._find(), *change, *answer]

    def part(self) -> list[Step] | None:
        """Answer some properties of a record; change those in the body."""
        status, answer = self.reader.success(self.place)
        properties = self._item_properties_in_body()
        if not properties and self.place.child("requestBody").value is not None:
            return None
        change = [self._changed(properties, {})] if properties else []
        media = self.reader.json(answer)
        view = None if media is None else self.reader.view(media[1].child("schema"))
        if media is None and not answer.child("content").members():
            respond: Step = {"respond": {"status": status}}
        elif media and view and view.properties.keys() <= self.resource.view.properties.keys():
            respond = self._respond(status, media[0], template(self._name))
        else:
            return None
        return [*self._parents(), self._find(), *change, respond]

    def _answers_the_item(self) -> bool:
        """Return True if the documented answer is the item or has no body."""
        answer = self.reader.success(self.place)[1]
        media = self.reader.json(answer)
        if media is None:
            return not answer.child("content").members()
        view = unwrapped(media[1].child("schema"), self.resource.noun, self.reader)
        return view is not None and view.place.key == self.resource.view.place.key

    @property
    def _verb(self) -> str:
        return normalized(self.route.path.rstrip("/").rpartition("/")[2])

    def _body_changes_item(self) -> bool:
        """Return True if the body holds properties of the item, not something to add to it."""
        if self._verb in map(normalized, self._item_properties_in_body()):
            return True
        is_no_property = self._verb not in map(normalized, self.resource.view.properties)
        has_answer = self.reader.json(self.reader.success(self.place)[1]) is not None
        return has_answer and is_no_property and singular(self._verb) == self._verb

    def _item_properties_in_body(self) -> list[str]:
        """List the properties of the body that the item has too and that a client may change."""
        schema = self.reader.body(self.place)
        view = None if schema is None else self.reader.view(schema)
        if view is None:
            return []
        fixed = {
            self.resource.key,
            *self._owner_fields(),
            *read_only_properties(self.resource, self.reader),
        }
        known = self.resource.view.properties
        return [name for name in view.properties if name in known and name not in fixed]

    def _changed(self, properties: list[str], fields: dict[str, str]) -> Step:
        change = f"compact(pick(body{names(properties)}))" if properties else "{}"
        record = f"merge(merge({self._name}, {change}), {mapping(fields)})"
        return self._update(f"merge({record}, {self._service_fields(frozenset())})")

    def _outcome(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that record the action, such as a status, each with an expression."""
        forms = _result_forms(self._verb)
        undone = self._verb.removeprefix("un") if self._verb.startswith("un") else ""
        for name, schema in self.resource.view.properties.items():
            own = normalized(name).removeprefix("is")
            kinds = self.reader.types(schema)
            if (state := self._state(schema, forms)) is not None:
                yield name, constant(state)
            elif kinds == {"boolean"} and (own in forms or own in _result_forms(undone)):
                yield name, "true" if own in forms else "false"
            elif self.reader.keyword(schema, "format") == "date-time" and own in _time_names(forms):
                yield name, 'iso(now, "milliseconds")'

    def _state(self, schema: Place, forms: list[str]) -> JsonValue:
        """Return the value of an enum that the action leads to; None if there is none."""
        choices = self.reader.keyword(schema, "enum")
        texts = (
            [one for one in choices if isinstance(one, str)] if isinstance(choices, list) else []
        )
        return next((one for form in forms for one in texts if normalized(one) == form), None)


def _time_names(forms: list[str]) -> list[str]:
    return [form + end for form in forms for end in ("at", "on")]


def _result_forms(verb: str) -> list[str]:
    """Return the names of the state after an action: `cancel` → canceled, cancelled."""
    if not verb:
        return []
    regular = [verb + "ed", verb + verb[-1] + "ed"]
    if verb.endswith("e"):
        regular = [verb + "d"]
    elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        regular = [verb[:-1] + "ied"]
    return [*([_RESULTS[verb]] if verb in _RESULTS else []), *regular]

"""The steps of an operation on a resource, as a document would write them."""

import keyword
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference import list_steps
from mockserver.inference.envelopes import filled, headers, list_shape, wrapper
from mockserver.inference.expression_text import constant, mapping, member, names, quoted, said
from mockserver.inference.object_schemas import JSON_PATCH, SchemaReader, plain, singular
from mockserver.inference.recognition import Resource, Route
from mockserver.inference.record_keys import key_expression, own_fields, stamps
from mockserver.schemas.validators import Schemas

Step = dict[str, JsonValue]
_TAKEN = frozenset(("page", "size", "page_number", "is_new", "given", "item", "index", "error"))
_CREATED = 201
_CHANGED = (200, 204, 202)


@dataclass(frozen=True, slots=True)
class StepWriter:
    """Writes the steps of one operation; each method gives None where they aren't clear."""

    resource: Resource
    route: Route
    place: Place
    """The operation."""
    reader: SchemaReader
    schemas: Schemas
    children: tuple[Resource, ...]
    """Resources whose items belong to one of this one's."""

    # --- what is read ---

    def page(self) -> list[Step] | None:
        """List the records that the parameters ask for."""
        status, answer = self.reader.success(self.place)
        media = self.reader.json(answer)
        shape = media and list_shape(media[1].child("schema"), self.resource.noun, self.reader)
        if not media or not shape:
            return None
        query = self.reader.parameters(self.route.item, self.place, "query")
        plan = list_steps.plan(query, self.resource, self.reader)
        is_bare = not shape.path
        steps = list_steps.list_step(
            plan, self.resource, self._owners(), self.reader, is_bare=is_bare
        )
        self._add_condition(steps[-1]["list"])
        paging = list_steps.paging(plan, self.resource, self.reader)
        respond = self._respond(status, media[0], filled(shape, paging, self.reader))
        if told := headers(dict(answer.child("headers").members()), paging):
            respond["respond"]["headers"] = told
        return [*self._parents(), *steps, respond]

    def search(self) -> list[Step] | None:
        """List records by a path beside theirs, if its parameters say which."""
        query = self.reader.parameters(self.route.item, self.place, "query")
        plan = list_steps.plan(query, self.resource, self.reader)
        return self.page() if list_steps.filters_by(plan, self.resource, self.reader) else None

    def get(self) -> list[Step] | None:
        """Answer one record; where there always is one, the document does until it is written."""
        answer = self._answer(said(self._name))
        if not self._is_always_there:
            return [*self._parents(), self._find(), *answer]
        known = ({"when": said(f"{self._name} != null"), **step} for step in answer)
        return [*self._parents(), self._find(optional=True), *known]

    # --- what is written ---

    def post(self) -> list[Step] | None:
        """Create a record."""
        sent = self._sent()
        if sent is None:
            return None
        given, properties, guards = sent
        resource = self.resource
        key = key_expression(resource, self.schemas, self.reader)
        fields = stamps(resource, self.reader, new=True)
        if resource.key in properties and resource.key not in own_fields(resource, self.reader):
            own = member(given, resource.key)
            key = own if key is None else f"{own} if {own} != null else {key}"
        if key is None:
            return None
        fields = self._server_fields(fields, properties) | self._held() | {resource.key: key}
        defaults = self._defaults(properties)
        record = f"merge({self._writable(given)}, {mapping(fields)})"
        if defaults:
            record = f"merge({constant(defaults)}, {record})"
        create = {"create": {"in": resource.name, "record": said(record), "as": self._name}}
        answer = self._answer(said(self._name), preferred=(_CREATED,))
        address = f'join([request_url(), text({member(self._name, resource.key)})], "/")'
        return [*self._parents(), *guards, create, *self._located(answer, address)]

    def put(self) -> list[Step] | None:
        """Replace a record; create it where the document has an answer for that."""
        sent = self._sent()
        if sent is None:
            return None
        given, properties, guards = sent
        creates = self.resource.is_single or self.reader.documents(self.place, _CREATED)
        record = self._replaced(given, properties)
        update = self._update(record)
        find = self._find(optional=creates)
        steps = [*self._parents(), *guards, find]
        if creates:
            steps += self._upsert(given, properties)
        return [*steps, update, *self._answer(said(self._name), preferred=_CHANGED)]

    def _upsert(self, given: str, properties: frozenset[str]) -> list[Step]:
        fields = self._server_fields(stamps(self.resource, self.reader, new=True), properties)
        fields |= self._held() | {self.resource.key: self._key()}
        record = said(f"merge({self._writable(given)}, {mapping(fields)})")
        create = {"in": self.resource.name, "record": record, "as": self._name}
        answer = self._answer(said(self._name), preferred=(_CREATED,))
        if not answer and self.reader.documents(self.place, _CREATED):
            answer = [{"respond": {"status": _CREATED}}]
        answer = self._located(answer, "request_url()")
        is_new = said("is_new")
        return [
            {"let": {"is_new": said(f"{self._name} == null")}},
            {"when": is_new, "create": create},
            *({"when": is_new, **step} for step in answer),
        ]

    def put_by_body(self) -> list[Step] | None:
        """Replace the record that the body names."""
        sent = self._sent()
        if sent is None or self.resource.key not in sent[1]:
            return None
        given, properties, guards = sent
        key = said(member(given, self.resource.key))
        find = {"in": self.resource.name, "where": {self.resource.key: key}, "as": self._name}
        record = self._replaced(given, properties)
        answer = self._answer(said(self._name), preferred=_CHANGED)
        return [*self._parents(), *guards, {"find": find}, self._update(record), *answer]

    def patch(self) -> list[Step] | None:
        """Change a record: RFC 7396, or RFC 6902 where the document takes that."""
        content = self.reader.resolve(self.place.child("requestBody")).child("content").value
        types = set(content) if isinstance(content, dict) else set()
        sent = self._sent()
        json_patch = f"json_patch({self._name}, body)"
        if types == {JSON_PATCH}:
            change = json_patch
        elif sent is None:
            return None
        else:
            change = f"merge_patch({self._name}, {self._writable(sent[0])})"
            change = f"{change} if is_map({sent[0]}) else null"
            if JSON_PATCH in types:
                is_list = f'starts_with(header["content-type"], {quoted(JSON_PATCH)})'
                change = f"{json_patch} if {is_list} else ({change})"
        return [
            *self._parents(),
            *self._find_or_begin(),
            {"let": {"given": said(change)}},
            {"require": "{{ is_map(given) }}", "otherwise": _NOT_APPLIED},
            self._update(f"merge(given, {self._same(sent[1] if sent else frozenset())})"),
            *self._answer(said(self._name), preferred=_CHANGED),
        ]

    def delete(self) -> list[Step] | None:
        """Remove a record, and those that belong to it."""
        answer = self._answer(said(f"merge({self._name}, {mapping({'deleted': 'true'})})"))
        return [*self._parents(), self._find(), *self._removal(), *answer]

    # --- their parts ---

    @property
    def _name(self) -> str:
        """What a record is bound as."""
        return bound_name(self.resource)

    def _path_value(self, parameter: str, kinds: frozenset[str]) -> str:
        """Write a path parameter as a value of a field's type."""
        schema = self.reader.parameters(self.route.item, self.place, "path").get(parameter)
        given = frozenset(("string",)) if schema is None else self.reader.types(schema)
        value = member("path", parameter)
        if kinds == {"integer"} and given != {"integer"}:
            return f"integer({value})"
        return f"text({value})" if kinds == {"string"} and given != {"string"} else value

    @property
    def _is_always_there(self) -> bool:
        """Whether nothing says that there could be none."""
        return self.resource.is_single and "delete" not in self.route.operations

    def _key(self) -> str:
        if self.resource.is_single:
            owners = [f"text({member('path', one.parameter)})" for one in self.resource.parents]
            noun = quoted(self.resource.noun)
            return f'join([{", ".join(owners)}], "/")' if owners else noun
        schema = self.resource.view.properties[self.resource.key]
        return self._path_value(self.resource.parameter, self.reader.types(schema))

    def _held(self) -> dict[str, str]:
        """Return the fields that say whose a record is, with what the path says."""
        held = {}
        for parent in self.resource.parents:
            kinds = frozenset[str]()
            if parent.resource is not None:
                key = parent.resource.view.properties[parent.resource.key]
                kinds = self.reader.types(key)
            held[parent.field] = self._path_value(parent.parameter, kinds)
        return held

    def _owners(self) -> dict[str, JsonValue]:
        held, parents = self._held(), self.resource.parents
        return {one.field: said(held[one.field]) for one in parents if one.resource is not None}

    def _condition(self) -> str | None:
        """Say that a record belongs under parents that are no records: a seed is everybody's."""
        held = self._held()
        loose = [one.field for one in self.resource.parents if one.resource is None]
        conditions = [
            f"default({member('item', name)}, {held[name]}) == {held[name]}" for name in loose
        ]
        return said(" and ".join(conditions)) if conditions else None

    def _add_condition(self, step: Step) -> None:
        if condition := self._condition():
            other = step.get("matching")
            both = f"{condition[3:-3]} and {other[3:-3]}" if other else condition[3:-3]
            step["matching"] = said(both)

    def _parents(self) -> list[Step]:
        """Find those whose the records are, outermost first."""
        held = self._held()
        known: dict[str, JsonValue] = {}
        steps: list[Step] = []
        for parent in self.resource.parents:
            if (owner := parent.resource) is None:
                continue
            where = {owner.key: said(held[parent.field])}
            above = {one.parameter: one for one in owner.parents if one.resource is not None}
            where |= {one.field: known[name] for name, one in above.items() if name in known}
            known[parent.parameter] = said(held[parent.field])
            steps.append({"find": {"in": owner.name, "where": where, "as": bound_name(owner)}})
        return steps

    def _find(self, *, optional: bool = False) -> Step:
        where = {self.resource.key: said(self._key()), **self._owners()}
        step: Step = {"in": self.resource.name, "where": where, "as": self._name}
        self._add_condition(step)
        if optional:
            step["optional"] = True
        return {"find": step}

    def _find_or_begin(self) -> list[Step]:
        if not self._is_always_there:
            return [self._find()]
        fields = {
            name: said(value)
            for name, value in {**self._held(), self.resource.key: self._key()}.items()
        }
        create = {"in": self.resource.name, "record": fields, "as": self._name}
        return [
            self._find(optional=True),
            {"when": said(f"{self._name} == null"), "create": create},
        ]

    def _removal(self) -> list[Step]:
        key = said(member(self._name, self.resource.key))
        steps = [{"delete": {"in": self.resource.name, "where": {self.resource.key: key}}}]
        for child in self.children:
            field = next(one.field for one in child.parents if one.resource is self.resource)
            steps.append({"delete": {"in": child.name, "where": {field: key}}})
        return steps

    def _sent(self) -> tuple[str, frozenset[str], list[Step]] | None:
        """Return the sent item as an expression, its properties, and what must hold of it."""
        if self.place.child("requestBody").value is None:
            return "{}", frozenset(), []
        schema = self.reader.body(self.place)
        if schema is None:
            return None
        guards: list[Step] = [] if self.reader.say(schema, "type") else [_IS_MAP]
        view = self.reader.view(schema)
        if view is None:
            is_free = self.reader.types(schema) <= {"object"}
            return ("body", frozenset(), guards) if is_free else None
        name = wrapper(schema, self.resource.noun, self.reader)
        if name is None or name in self.resource.view.properties:
            return "body", frozenset(view.properties), guards
        inner = self.reader.view(view.properties[name])
        assert inner is not None
        return member("body", name), frozenset(inner.properties), guards

    def _writable(self, given: str) -> str:
        own = own_fields(self.resource, self.reader)
        return f"omit({given}{names(own)})" if own else given

    def _server_fields(self, fields: dict[str, str], sent: frozenset[str]) -> dict[str, str]:
        """Leave to the client what it may send."""
        own = own_fields(self.resource, self.reader)
        return {name: told for name, told in fields.items() if name in own or name not in sent}

    def _defaults(self, sent: frozenset[str]) -> dict[str, JsonValue]:
        """Return the defaults of what is sent, where the resource itself has none."""
        schema = self.reader.body(self.place)
        view = None if schema is None else self.reader.view(schema)
        if view is None:
            return {}
        known = self.resource.view.properties
        return {
            name: told
            for name, place in view.properties.items()
            if name in sent
            and (told := self.reader.say(place, "default")) is not None
            and (name not in known or self.reader.say(known[name], "default") is None)
        }

    def _kept(self) -> str:
        """Say what a replaced record keeps: what a client can't send."""
        own = [*own_fields(self.resource, self.reader)]
        own += [name for name in stamps(self.resource, self.reader, new=True) if name not in own]
        kept = f"pick({self._name}{names(own)})"
        return f"compact({kept})" if own else ""

    def _replaced(self, given: str, properties: frozenset[str]) -> str:
        record = f"merge({self._writable(given)}, {self._same(properties)})"
        return f"merge({kept}, {record})" if (kept := self._kept()) else record

    def _same(self, sent: frozenset[str]) -> str:
        """Say what a changed record is given by the service: its key, its owners, the time."""
        held = [self.resource.key, *self._held()]
        fields = {name: member(self._name, name) for name in held}
        changed = self._server_fields(stamps(self.resource, self.reader, new=False), sent)
        return mapping(fields | changed)

    def _update(self, record: str) -> Step:
        where = {self.resource.key: said(member(self._name, self.resource.key))}
        step = {"in": self.resource.name, "where": where, "record": said(record), "as": self._name}
        return {"update": step}

    # --- answers ---

    def _answer(self, body: str, *, preferred: tuple[int, ...] = ()) -> list[Step]:
        """Answer with a record where the documented answer is one; else as it is documented."""
        found, answer = self.reader.success(self.place, preferred)
        if not answer.child("content").members():
            return [{"respond": {"status": found}}]
        media = self.reader.json(answer)
        inner = None if media is None else self._inside(media[1].child("schema"), body)
        return [] if media is None or inner is None else [self._respond(found, media[0], inner)]

    def _inside(self, schema: Place, body: str) -> JsonValue:
        """Put a record where an answer has it; None if the answer is of something else."""
        view = self.reader.view(schema)
        if view is None:
            return None
        own = {self.resource.key}
        if self.resource.is_single:
            own = {*self.resource.view.properties}
        if view.properties.keys() & own:
            return body
        name = wrapper(schema, self.resource.noun, self.reader)
        inner = None if name is None else self.reader.view(view.properties[name])
        if inner is not None and inner.properties.keys() & own:
            return {name: body}
        return None

    def _respond(self, status: int, media_type: str, body: JsonValue) -> Step:
        respond: Step = {"status": status, "body": body, "conform": True}
        if media_type != "application/json" and "*" not in media_type:
            respond["content_type"] = media_type
        return {"respond": respond}

    def _located(self, answer: list[Step], address: str) -> list[Step]:
        """Add the address of a new record where it is documented."""
        _, described = self.reader.success(self.place, (_CREATED,))
        known = [name for name, _ in described.child("headers").members()]
        found = next((name for name in known if plain(name) == "location"), None)
        if found is None or not answer:
            return answer
        respond = {**answer[0]["respond"], "headers": {found: said(address)}}
        return [{"respond": respond}]


_IS_MAP: Step = {
    "require": "{{ is_map(body) }}",
    "otherwise": {"error": "invalid", "message": "the body is no object"},
}
_NOT_APPLIED: Step = {"error": "invalid", "message": "the patch does not apply"}


def bound_name(resource: Resource) -> str:
    """Name a record in steps: by one of its kind."""
    name = singular(resource.name)
    is_free = name != resource.name and name not in _RESERVED and not keyword.iskeyword(name)
    return name if is_free else f"{name}_record"


_RESERVED = _TAKEN | {
    *("body", "path", "query", "header", "cookie", "principal", "credential", "scopes"),
    *("settings", "now", "base_url", "test", "request_id", "null", "true", "false"),
}

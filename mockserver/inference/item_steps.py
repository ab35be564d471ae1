"""Write the `x-mock` steps of operations on a collection or on one of its items.

`inference.py` picks a method of `StepWriter` (made as its subclass `ActionWriter`) by kind of path
and HTTP method: GET of a collection is `page`, of an item `get`. It returns steps as values of a
document, or None if list, filters, body or key are not understood: nothing is inferred then. If
only the answer is not the record, there are steps without `respond`; the documented answer follows.
`ignored_parameters` names list parameters without effect. Steps are neither compiled nor run here.
"""

import keyword
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference import list_steps
from mockserver.inference.envelopes import headers, list_body, list_shape, wrapper
from mockserver.inference.expression_text import constant, mapping, member, names, quoted, template
from mockserver.inference.object_schemas import JSON_PATCH, SchemaReader, normalized, singular
from mockserver.inference.recognition import Resource, Route
from mockserver.inference.record_keys import key_expression, read_only_properties, time_fields
from mockserver.schemas.validators import Schemas

Step = dict[str, JsonValue]
_BOUND_NAMES = frozenset(
    ("page", "size", "page_number", "is_new", "given", "item", "index", "error")
)
_CREATED = 201
_CHANGED = (200, 204, 202)


@dataclass(frozen=True, slots=True)
class StepWriter:
    """Writes the steps of one operation; a method returns None if it cannot write all steps."""

    resource: Resource
    route: Route
    place: Place
    """The operation object."""
    reader: SchemaReader
    schemas: Schemas
    children: tuple[Resource, ...]
    """Resources whose items belong to an item of this resource."""

    # --- reading ---

    def page(self) -> list[Step] | None:
        """Answer a page of the records that match the query parameters."""
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
        respond = self._respond(status, media[0], list_body(shape, paging, self.reader))
        if written := headers(dict(answer.child("headers").members()), paging):
            respond["respond"]["headers"] = written
        return [*self._parents(), *steps, respond]

    def search(self) -> list[Step] | None:
        """Answer a search such as `/pets/findByStatus`, if a query parameter is a filter."""
        query = self.reader.parameters(self.route.item, self.place, "query")
        plan = list_steps.plan(query, self.resource, self.reader)
        return self.page() if list_steps.filter_count(plan, self.resource, self.reader) else None

    def ignored_parameters(self) -> tuple[str, ...]:
        """Return the query parameters of a list that have no effect."""
        query = self.reader.parameters(self.route.item, self.place, "query")
        plan = list_steps.plan(query, self.resource, self.reader)
        return list_steps.ignored(plan, self.resource, self.reader)

    def get(self) -> list[Step] | None:
        """Answer one record.

        A single object that cannot be deleted always exists: until it is written, the documented
        answer is used.
        """
        answer = self._answer(template(self._name))
        if not self._is_always_there:
            return [*self._parents(), self._find(), *answer]
        known = ({"when": template(f"{self._name} != null"), **step} for step in answer)
        return [*self._parents(), self._find(optional=True), *known]

    # --- writing ---

    def post(self) -> list[Step] | None:
        """Create a record."""
        item = self._item_in_body()
        if item is None:
            return None
        given, properties, guards = item
        resource = self.resource
        key = key_expression(resource, self.schemas, self.reader)
        fields = time_fields(resource, self.reader, new=True)
        if resource.key in properties and resource.key not in read_only_properties(
            resource, self.reader
        ):
            own = member(given, resource.key)
            key = own if key is None else f"{own} if {own} != null else {key}"
        if key is None:
            return None
        fields = (
            self._server_fields(fields, properties) | self._owner_fields() | {resource.key: key}
        )
        defaults = self._defaults(properties)
        record = f"merge({self._writable(given)}, {mapping(fields)})"
        if defaults:
            record = f"merge({constant(defaults)}, {record})"
        create = {"create": {"in": resource.name, "record": template(record), "as": self._name}}
        answer = self._answer(template(self._name), preferred=(_CREATED,))
        address = f'join([request_url(), text({member(self._name, resource.key)})], "/")'
        return [*self._parents(), *guards, create, *self._with_location(answer, address)]

    def put(self) -> list[Step] | None:
        """Replace a record; create a missing one if the document has an answer 201."""
        item = self._item_in_body()
        if item is None:
            return None
        given, properties, guards = item
        creates = self.resource.is_single or self.reader.documents(self.place, _CREATED)
        record = self._replaced(given, properties)
        update = self._update(record)
        find = self._find(optional=creates)
        steps = [*self._parents(), *guards, find]
        if creates:
            steps += self._upsert(given, properties)
        return [*steps, update, *self._answer(template(self._name), preferred=_CHANGED)]

    def _upsert(self, given: str, properties: frozenset[str]) -> list[Step]:
        fields = self._server_fields(time_fields(self.resource, self.reader, new=True), properties)
        fields |= self._owner_fields() | {self.resource.key: self._key()}
        record = template(f"merge({self._writable(given)}, {mapping(fields)})")
        create = {"in": self.resource.name, "record": record, "as": self._name}
        answer = self._answer(template(self._name), preferred=(_CREATED,))
        if not answer and self.reader.documents(self.place, _CREATED):
            answer = [{"respond": {"status": _CREATED}}]
        answer = self._with_location(answer, "request_url()")
        is_new = template("is_new")
        return [
            {"let": {"is_new": template(f"{self._name} == null")}},
            {"when": is_new, "create": create},
            *({"when": is_new, **step} for step in answer),
        ]

    def put_by_body(self) -> list[Step] | None:
        """Replace the record that the body names."""
        item = self._item_in_body()
        if item is None or self.resource.key not in item[1]:
            return None
        given, properties, guards = item
        key = template(member(given, self.resource.key))
        find = {"in": self.resource.name, "where": {self.resource.key: key}, "as": self._name}
        record = self._replaced(given, properties)
        answer = self._answer(template(self._name), preferred=_CHANGED)
        return [*self._parents(), *guards, {"find": find}, self._update(record), *answer]

    def patch(self) -> list[Step] | None:
        """Change a record by a JSON merge patch (RFC 7396), or by a JSON patch if documented."""
        content = self.reader.resolve(self.place.child("requestBody")).child("content").value
        types = set(content) if isinstance(content, dict) else set()
        item = self._item_in_body()
        json_patch = f"json_patch({self._name}, body)"
        if types == {JSON_PATCH}:
            change = json_patch
        elif item is None:
            return None
        else:
            change = f"merge_patch({self._name}, {self._writable(item[0])})"
            change = f"{change} if is_map({item[0]}) else null"
            if JSON_PATCH in types:
                is_list = f'starts_with(header["content-type"], {quoted(JSON_PATCH)})'
                change = f"{json_patch} if {is_list} else ({change})"
        return [
            *self._parents(),
            *self._find_or_create(),
            {"let": {"given": template(change)}},
            {"require": "{{ is_map(given) }}", "otherwise": _NOT_APPLIED},
            self._update(f"merge(given, {self._service_fields(item[1] if item else frozenset())})"),
            *self._answer(template(self._name), preferred=_CHANGED),
        ]

    def delete(self) -> list[Step] | None:
        """Delete a record, and the records that belong to it."""
        answer = self._answer(template(f"merge({self._name}, {mapping({'deleted': 'true'})})"))
        return [*self._parents(), self._find(), *self._removal(), *answer]

    # --- parts of steps ---

    @property
    def _name(self) -> str:
        """The variable that holds a record."""
        return _bound_name(self.resource)

    def _path_value(self, parameter: str, kinds: frozenset[str]) -> str:
        """Write a path parameter, converted to the type of a field."""
        schema = self.reader.parameters(self.route.item, self.place, "path").get(parameter)
        own = frozenset(("string",)) if schema is None else self.reader.types(schema)
        value = member("path", parameter)
        if kinds == {"integer"} and own != {"integer"}:
            return f"integer({value})"
        return f"text({value})" if kinds == {"string"} and own != {"string"} else value

    @property
    def _is_always_there(self) -> bool:
        """True for a single object that cannot be deleted."""
        return self.resource.is_single and "delete" not in self.route.operations

    def _key(self) -> str:
        if self.resource.is_single:
            owners = [f"text({member('path', one.parameter)})" for one in self.resource.parents]
            noun = quoted(self.resource.noun)
            return f'join([{", ".join(owners)}], "/")' if owners else noun
        schema = self.resource.view.properties[self.resource.key]
        return self._path_value(self.resource.parameter, self.reader.types(schema))

    def _owner_fields(self) -> dict[str, str]:
        """Return the fields that hold the keys of a record's owners, with their path parameters."""
        fields = {}
        for parent in self.resource.parents:
            kinds = frozenset[str]()
            if parent.resource is not None:
                key = parent.resource.view.properties[parent.resource.key]
                kinds = self.reader.types(key)
            fields[parent.field] = self._path_value(parent.parameter, kinds)
        return fields

    def _owners(self) -> dict[str, JsonValue]:
        values, parents = self._owner_fields(), self.resource.parents
        return {
            one.field: template(values[one.field]) for one in parents if one.resource is not None
        }

    def _condition(self) -> str | None:
        """Return a condition for path parameters that name no record, such as a tenant.

        A seed record has no value for them, and is visible under every value.
        """
        values = self._owner_fields()
        loose = [one.field for one in self.resource.parents if one.resource is None]
        conditions = [
            f"default({member('item', name)}, {values[name]}) == {values[name]}" for name in loose
        ]
        return template(" and ".join(conditions)) if conditions else None

    def _add_condition(self, step: Step) -> None:
        if condition := self._condition():
            other = step.get("matching")
            both = f"{condition[3:-3]} and {other[3:-3]}" if other else condition[3:-3]
            step["matching"] = template(both)

    def _parents(self) -> list[Step]:
        """Find the owners that the path names, outermost first; a missing one is `not_found`."""
        values = self._owner_fields()
        known: dict[str, JsonValue] = {}
        steps: list[Step] = []
        for parent in self.resource.parents:
            if (owner := parent.resource) is None:
                continue
            where = {owner.key: template(values[parent.field])}
            above = {one.parameter: one for one in owner.parents if one.resource is not None}
            where |= {one.field: known[name] for name, one in above.items() if name in known}
            known[parent.parameter] = template(values[parent.field])
            steps.append({"find": {"in": owner.name, "where": where, "as": _bound_name(owner)}})
        return steps

    def _find(self, *, optional: bool = False) -> Step:
        where = {self.resource.key: template(self._key()), **self._owners()}
        step: Step = {"in": self.resource.name, "where": where, "as": self._name}
        self._add_condition(step)
        if optional:
            step["optional"] = True
        return {"find": step}

    def _find_or_create(self) -> list[Step]:
        if not self._is_always_there:
            return [self._find()]
        fields = {
            name: template(value)
            for name, value in {**self._owner_fields(), self.resource.key: self._key()}.items()
        }
        create = {"in": self.resource.name, "record": fields, "as": self._name}
        return [
            self._find(optional=True),
            {"when": template(f"{self._name} == null"), "create": create},
        ]

    def _removal(self) -> list[Step]:
        key = template(member(self._name, self.resource.key))
        steps = [{"delete": {"in": self.resource.name, "where": {self.resource.key: key}}}]
        for child in self.children:
            field = next(one.field for one in child.parents if one.resource is self.resource)
            steps.append({"delete": {"in": child.name, "where": {field: key}}})
        return steps

    def _item_in_body(self) -> tuple[str, frozenset[str], list[Step]] | None:
        """Return the item in the body as an expression, its properties, and steps that check it.

        None if the body cannot be an item.
        """
        if self.place.child("requestBody").value is None:
            return "{}", frozenset(), []
        schema = self.reader.body(self.place)
        if schema is None:
            return None
        guards: list[Step] = [] if self.reader.keyword(schema, "type") else [_IS_MAP]
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
        own = read_only_properties(self.resource, self.reader)
        return f"omit({given}{names(own)})" if own else given

    def _server_fields(self, fields: dict[str, str], in_body: frozenset[str]) -> dict[str, str]:
        """Return the fields that the service fills: those that a client cannot send."""
        own = read_only_properties(self.resource, self.reader)
        return {name: value for name, value in fields.items() if name in own or name not in in_body}

    def _defaults(self, in_body: frozenset[str]) -> dict[str, JsonValue]:
        """Return the defaults of the request body for properties without a default of their own."""
        schema = self.reader.body(self.place)
        view = None if schema is None else self.reader.view(schema)
        if view is None:
            return {}
        known = self.resource.view.properties
        return {
            name: default
            for name, place in view.properties.items()
            if name in in_body
            and (default := self.reader.keyword(place, "default")) is not None
            and (name not in known or self.reader.keyword(known[name], "default") is None)
        }

    def _preserved_fields(self) -> str:
        """Write the properties that a replaced record keeps: those that a client cannot send."""
        own = [*read_only_properties(self.resource, self.reader)]
        own += [
            name for name in time_fields(self.resource, self.reader, new=True) if name not in own
        ]
        kept = f"pick({self._name}{names(own)})"
        return f"compact({kept})" if own else ""

    def _replaced(self, given: str, properties: frozenset[str]) -> str:
        record = f"merge({self._writable(given)}, {self._service_fields(properties)})"
        return f"merge({kept}, {record})" if (kept := self._preserved_fields()) else record

    def _service_fields(self, in_body: frozenset[str]) -> str:
        """Write the fields of a changed record that the service fills: key, owners, times."""
        fixed = [self.resource.key, *self._owner_fields()]
        fields = {name: member(self._name, name) for name in fixed}
        changed = self._server_fields(time_fields(self.resource, self.reader, new=False), in_body)
        return mapping(fields | changed)

    def _update(self, record: str) -> Step:
        where = {self.resource.key: template(member(self._name, self.resource.key))}
        step = {
            "in": self.resource.name,
            "where": where,
            "record": template(record),
            "as": self._name,
        }
        return {"update": step}

    # --- answers ---

    def _answer(self, body: str, *, preferred: tuple[int, ...] = ()) -> list[Step]:
        """Write the step that answers with a record; none if the documented answer is no record."""
        status, answer = self.reader.success(self.place, preferred)
        if not answer.child("content").members():
            return [{"respond": {"status": status}}]
        media = self.reader.json(answer)
        inner = None if media is None else self._enveloped(media[1].child("schema"), body)
        return [] if media is None or inner is None else [self._respond(status, media[0], inner)]

    def _enveloped(self, schema: Place, body: str) -> JsonValue:
        """Return a record in the envelope of an answer; None if the answer is no record."""
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

    def _with_location(self, answer: list[Step], address: str) -> list[Step]:
        """Add the URL of a new record in the documented Location header."""
        _, described = self.reader.success(self.place, (_CREATED,))
        known = [name for name, _ in described.child("headers").members()]
        found = next((name for name in known if normalized(name) == "location"), None)
        if found is None or not answer:
            return answer
        respond = {**answer[0]["respond"], "headers": {found: template(address)}}
        return [{"respond": respond}]


_IS_MAP: Step = {
    "require": "{{ is_map(body) }}",
    "otherwise": {"error": "invalid", "message": "the body is not an object"},
}
_NOT_APPLIED: Step = {"error": "invalid", "message": "the patch does not apply"}


def _bound_name(resource: Resource) -> str:
    """Return the variable for a record in steps: the singular of the collection's name."""
    name = singular(resource.name)
    is_free = name != resource.name and name not in _RESERVED and not keyword.iskeyword(name)
    return name if is_free else f"{name}_record"


_RESERVED = _BOUND_NAMES | {
    *("body", "path", "query", "header", "cookie", "principal", "credential", "scopes"),
    *("settings", "now", "base_url", "test", "request_id", "null", "true", "false"),
}

"""Compiles the operations of an OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mockserver.errors import Source, SpecProblem, near
from mockserver.exchange import SCOPE_NAMES, STATUS_OF_KIND, JsonValue, Scope
from mockserver.model import (
    CollectionSpec,
    DocumentedResponse,
    ErrorAnswer,
    Operation,
    RateLimit,
    Recognised,
    SchemeUse,
    SecurityScheme,
    Setting,
    TestValues,
)
from mockserver.spec import behaviour
from mockserver.spec.bodies import BodyCompiler
from mockserver.spec.contexts import MAP_NAMES, StepContext
from mockserver.spec.expressions import Known
from mockserver.spec.parameters import TEXT, Parameter, ParameterSet, shape_of, style_of
from mockserver.spec.policies import (
    compile_errors,
    compile_limits,
    compile_test_values,
    merged,
    read_model,
)
from mockserver.spec.references import Place
from mockserver.spec.steps import compile_steps

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_TEMPLATE = re.compile(r"\{([^{}/]+)\}")
_IGNORED_HEADERS = frozenset(("accept", "content-type", "authorization"))
_WHERES = ("path", "query", "header", "cookie")


@dataclass(slots=True)
class DocumentContext:
    """What all operations of a document share."""

    behaviour: behaviour.DocumentBehaviour
    bodies: BodyCompiler
    settings: Mapping[str, Setting]
    collections: Mapping[str, CollectionSpec]
    schemes: Mapping[str, SecurityScheme]
    security: Place
    """The document's own security requirements."""
    place: Place
    """The document's `x-mock`."""
    problems: list[SpecProblem]
    inferred: Mapping[tuple[str, str], dict[str, JsonValue]] = field(default_factory=dict)
    """What operations do although they don't say so, by path and method."""
    recognised: Recognised | None = None
    limits: tuple[RateLimit, ...] = ()
    errors: Mapping[str, ErrorAnswer] = field(default_factory=dict)
    test_values: tuple[TestValues, ...] = ()

    def compile_shared(self) -> None:
        """Compile once what every operation has from the document."""
        steps, place, model = self.steps(self.kinds), self.place, self.behaviour
        self.limits = compile_limits(model.limits, place.child("limits").source, steps)
        self.errors = compile_errors(model.errors, place.child("errors").source, steps)
        source = place.child("test_values").source
        self.test_values = compile_test_values(model.test_values, source, steps)

    def steps(self, kinds: set[str], members: Mapping[str, list[str]] | None = None) -> StepContext:
        """Make the context for expressions: what is known before any step."""
        members = {"settings": list(self.settings), **(members or {})}
        known = Known({*SCOPE_NAMES, "_world"}, members, maps=set(MAP_NAMES) - members.keys())
        return StepContext(known, self.collections, kinds, set(), self.problems)

    @property
    def kinds(self) -> set[str]:
        """The error kinds that every operation knows."""
        return {*map(str, STATUS_OF_KIND), *self.behaviour.errors}


def compile_operations(paths: Place, context: DocumentContext) -> Iterator[Operation]:
    """Yield the operations of a paths object."""
    seen: dict[str, str] = {}
    for path, member in paths.members():
        if path.startswith("x-"):
            continue
        item = context.bodies.resolve(member)
        if not path.startswith("/"):
            problem = f"the path {path!r} does not begin with a slash"
            context.problems.append(SpecProblem(member.source, problem))
            continue
        shape = _TEMPLATE.sub("{}", path)
        if shape in seen:
            problem = f"{path!r} cannot be told from {seen[shape]!r}"
            context.problems.append(SpecProblem(member.source, problem, "remove one of them"))
            continue
        seen[shape] = path
        for method in METHODS:
            operation = item.child(method)
            if isinstance(operation.value, dict):
                yield _Operation(path, method, item, operation, context).compile()


class _Operation:
    """One operation that is being compiled."""

    def __init__(
        self, path: str, method: str, item: Place, place: Place, context: DocumentContext
    ) -> None:
        self._path = path
        self._method = method
        self._item = item
        self._place = place
        self._context = context
        self._bodies = context.bodies

    def compile(self) -> Operation:
        place, context = self._place, self._context
        parameters = list(self._parameters())
        own = merged(place.child("x-mock"), context.inferred.get((self._path, self._method), {}))
        model = read_model(behaviour.OperationBehaviour, own, context.problems)
        responses = self._bodies.responses(place.child("responses"))
        body = self._bodies.request(place.child("requestBody"))
        steps = context.steps({*context.kinds, *model.errors}, _members(self._path, parameters))
        if body is not None and self._takes_objects(place.child("requestBody")):
            steps.known.maps.add("body")
        steps.examples |= {
            example.name
            for response in responses
            for media in response.media
            for example in media.examples
        }
        source = place.child("x-mock").source
        program = compile_steps(model.steps, source.child("steps"), steps)
        blank: Scope = dict.fromkeys((*SCOPE_NAMES, *sorted(steps.bound)))
        blank["test"] = {}
        return Operation(
            id=self._id(),
            method=self._method.upper(),
            path=self._path,
            summary=str(place.child("summary").value or ""),
            source=place.source,
            parameters=ParameterSet(parameters) if parameters else None,
            body=body,
            responses=responses,
            security=self._security(),
            limits=self._limits(model, steps),
            errors=self._errors(model, steps),
            test_values=self._test_values(model, steps),
            program=program,
            blank=blank,
            path_parameters=tuple(_TEMPLATE.findall(self._path)),
            success=_success(responses),
            deprecated=place.child("deprecated").value is True,
            resource=model.resource or "",
        )

    def _takes_objects(self, place: Place) -> bool:
        """Tell whether every body that passes validation is an object."""
        content = self._bodies.resolve(place).child("content").members()
        schemas = [self._bodies.resolve(media.child("schema")).value for _, media in content]
        return all(
            isinstance(schema, dict) and schema.get("type") == "object" for schema in schemas
        )

    def _id(self) -> str:
        given = self._place.child("operationId").value
        if isinstance(given, str) and given:
            return given
        return f"{self._method}_{re.sub(r'[^A-Za-z0-9]+', '_', self._path).strip('_')}"

    def _limits(
        self, model: behaviour.OperationBehaviour, steps: StepContext
    ) -> tuple[RateLimit, ...]:
        """Add the operation's limits to the document's; one of the same name replaces it."""
        own = compile_limits(model.limits, self._own("limits"), steps)
        return tuple({limit.name: limit for limit in (*self._context.limits, *own)}.values())

    def _errors(
        self, model: behaviour.OperationBehaviour, steps: StepContext
    ) -> Mapping[str, ErrorAnswer]:
        shared = self._context.errors
        if not model.errors:
            return shared
        return {**shared, **compile_errors(model.errors, self._own("errors"), steps)}

    def _test_values(
        self, model: behaviour.OperationBehaviour, steps: StepContext
    ) -> tuple[TestValues, ...]:
        own = compile_test_values(model.test_values, self._own("test_values"), steps)
        return (*self._context.test_values, *own)

    def _own(self, key: str) -> Source:
        return self._place.child("x-mock").child(key).source

    def _security(self) -> tuple[tuple[SchemeUse, ...], ...]:
        place = self._place.child("security")
        if not isinstance(place.value, list):
            place = self._context.security
        return tuple(self._alternative(item) for item in place.items())

    def _alternative(self, place: Place) -> tuple[SchemeUse, ...]:
        uses = []
        for name, member in place.members():
            scheme = self._context.schemes.get(name)
            if scheme is None:
                hint = near(name, self._context.schemes) or "declare it under components"
                problem = SpecProblem(member.source, f"there is no security scheme {name!r}", hint)
                self._context.problems.append(problem)
                continue
            uses.append(SchemeUse(scheme, tuple(str(item) for item in member.value or ())))
        return tuple(uses)

    def _parameters(self) -> Iterator[Parameter]:
        """Yield the path item's and the operation's parameters; the latter replace the former."""
        found: dict[tuple[str, str], Place] = {}
        for place in (*self._item.child("parameters").items(), *self._own_parameters()):
            resolved = self._bodies.resolve(place)
            name, where = resolved.child("name").value, resolved.child("in").value
            if not isinstance(name, str) or where not in _WHERES:
                problem = "a parameter needs a name and an `in` of path, query, header or cookie"
                self._context.problems.append(SpecProblem(resolved.source, problem))
                continue
            found[name, str(where)] = resolved
        missing = set(_TEMPLATE.findall(self._path)) - {
            name for name, where in found if where == "path"
        }
        for name in sorted(missing):
            yield plain_path_parameter(name)
        for (name, where), place in found.items():
            if where != "header" or name.lower() not in _IGNORED_HEADERS:
                yield self._parameter(name, where, place)

    def _own_parameters(self) -> list[Place]:
        return self._place.child("parameters").items()

    def _parameter(self, name: str, where: str, place: Place) -> Parameter:
        content = place.child("content").members()
        schema = content[0][1].child("schema") if content else place.child("schema")
        resolved = self._bodies.resolve(schema)
        style, explode = style_of(where, place.value)
        value = resolved.value if isinstance(resolved.value, dict) else {}
        return Parameter(
            name=name.lower() if where == "header" else name,
            where=where,
            required=place.child("required").value is True or where == "path",
            style=style,
            explode=explode,
            shape=shape_of(resolved, self._bodies.references),
            validator=None
            if schema.value is None
            else self._bodies.schemas.validator(schema, "request"),
            default=value.get("default"),
            is_json=bool(content),
            may_be_empty=place.child("allowEmptyValue").value is True,
        )


def plain_path_parameter(name: str) -> Parameter:
    """Stand in for a parameter that the path names and nothing describes: text."""
    return Parameter(
        name=name,
        where="path",
        required=True,
        style="simple",
        explode=False,
        shape=TEXT,
        validator=None,
        default=None,
        is_json=False,
        may_be_empty=False,
    )


def _members(path: str, parameters: list[Parameter]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {"path": _TEMPLATE.findall(path), "query": [], "cookie": []}
    for parameter in parameters:
        if parameter.where in ("query", "cookie"):
            names[parameter.where].append(parameter.name)
    return names


def _success(responses: tuple[DocumentedResponse, ...]) -> int:
    exact = [int(item.status) for item in responses if re.fullmatch(r"2\d\d", item.status)]
    return min(exact, default=200)

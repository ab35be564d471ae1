"""Compile the operations of a document.

`compiler.py` calls `compile_operations` with a paths object and a `DocumentContext`: all that
operations share. Out come `Operation` objects, which the engine serves. Other modules compile the
parts: parameters, bodies, responses, security, `x-mock`; here they are joined with what the path
item and the document say, and with inferred behaviour. Problems are added to a list; an operation
with problems is compiled as far as possible. `review_pages.py` uses the context for its own
operations.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near, warning
from mockserver.documents.references import Place
from mockserver.language.expressions import KnownNames
from mockserver.model.api import (
    PATH_PARAMETER,
    CollectionSpec,
    ErrorAnswer,
    Operation,
    RateLimit,
    SchemeUse,
    SecurityScheme,
    ServerAddress,
    Setting,
    TestValues,
)
from mockserver.model.contents import DocumentedResponse
from mockserver.model.refusal import STATUS_OF_KIND
from mockserver.model.scope import SCOPE_NAMES, Scope
from mockserver.model.steps import Program
from mockserver.openapi.answers import AnswerCompiler
from mockserver.openapi.behaviour import declared_names, merged, operation_behaviour
from mockserver.openapi.extension_names import misspelt_extensions
from mockserver.openapi.paths import DescribedOperation, described_operations, spanning_parameters
from mockserver.openapi.policies import (
    compile_errors,
    compile_limits,
    compile_test_values,
    known_kinds,
)
from mockserver.openapi.request_bodies import BodyCompiler
from mockserver.openapi.security_schemes import compile_security, names_schemes
from mockserver.openapi.server_addresses import compile_servers
from mockserver.verbs.registry import Verbs
from mockserver.verbs.step_context import MAP_NAMES, StepContext
from mockserver.wire.parameter_styles import Parameter, undeclared_path_parameter
from mockserver.wire.parameters import ParameterSet

if TYPE_CHECKING:
    from mockserver.openapi.x_mock import DocumentBehaviour, OperationBehaviour

_IGNORED_HEADERS = frozenset(("accept", "content-type", "authorization"))
_LOCATIONS = ("path", "query", "header", "cookie", "querystring")


@dataclass(slots=True)
class DocumentContext:
    """The parts of a document that all its operations share."""

    behaviour: "DocumentBehaviour"
    bodies: BodyCompiler
    settings: Mapping[str, Setting]
    collections: Mapping[str, CollectionSpec]
    schemes: Mapping[str, SecurityScheme]
    security: Place
    """The document's own security requirements."""
    place: Place
    """The document's `x-mock`."""
    problems: list[SpecProblem]
    verbs: Verbs
    name: str
    """Name of the API."""
    inferred: Mapping[tuple[str, str], dict[str, JsonValue]] = field(default_factory=dict)
    """Inferred `x-mock` of operations, by path and method (in lower case)."""
    ignored: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Query parameters that inferred steps ignore, by path and method."""
    limits: tuple[RateLimit, ...] = ()
    errors: Mapping[str, ErrorAnswer] = field(default_factory=dict)
    test_values: tuple[TestValues, ...] = ()
    ids: set[str] = field(default_factory=set)
    """Ids of the operations that are compiled so far."""
    declared: frozenset[str] = frozenset()
    """Names of all security schemes, including unsupported ones."""
    answers: AnswerCompiler = field(init=False)

    def __post_init__(self) -> None:
        bodies = self.bodies
        self.answers = AnswerCompiler(
            bodies.references, bodies.schemas, bodies.example_checks, self.problems
        )

    def compile_shared(self) -> None:
        """Compile the limits, errors and test values that apply to every operation."""
        steps, place, model = self.steps(self.kinds), self.place, self.behaviour
        self.limits = compile_limits(model.limits, place.child("limits").source, steps)
        self.errors = compile_errors(model.errors, place.child("errors").source, steps)
        source = place.child("test_values").source
        self.test_values = compile_test_values(model.test_values, source, steps)

    def steps(self, kinds: set[str], members: Mapping[str, list[str]] | None = None) -> StepContext:
        """Return a new context for expressions and steps, with the names known before any step."""
        settings = dict.fromkeys((*self.settings, *declared_names(self.place, "settings")))
        members = {"settings": list(settings), **(members or {})}
        maps = set(MAP_NAMES) - members.keys()
        of_names = known_kinds(self.settings)
        known = KnownNames({*SCOPE_NAMES, "_world"}, members, maps=maps, kinds=of_names)
        return StepContext(known, self.collections, kinds, set(), self.problems, self.verbs)

    @property
    def kinds(self) -> set[str]:
        """The error kinds that every operation can use."""
        own = {*self.behaviour.errors, *declared_names(self.place, "errors")}
        return {*map(str, STATUS_OF_KIND), *own}


def compile_operations(paths: Place, version: str, context: DocumentContext) -> Iterator[Operation]:
    """Yield the operations of a paths object."""
    problems = context.problems
    for described in described_operations(paths, version, context.bodies.resolve, problems):
        yield _OperationCompiler(described, context).compile()
        problems += misspelt_extensions([described.place])


class _OperationCompiler:
    """Compiles one operation."""

    def __init__(self, described: DescribedOperation, context: DocumentContext) -> None:
        self._path, self._method, self._item, self._place = described
        self._context = context
        self._bodies = context.bodies

    def compile(self) -> Operation:
        place, context = self._place, self._context
        parameters = list(self._parameters())
        inferred = context.inferred.get((self._path, self._method.lower()), {})
        own = merged(place.child("x-mock"), inferred)
        model = operation_behaviour(own, context.problems)
        responses = context.answers.compile(place.child("responses"))
        body = self._bodies.request(place.child("requestBody"))
        kinds = {*context.kinds, *model.errors, *declared_names(own, "errors")}
        steps = context.steps(kinds, _members(self._path, parameters))
        if body is not None and self._bodies.takes_objects(place.child("requestBody")):
            steps.known.maps.add("body")
        steps.examples |= {
            example.name
            for response in responses
            for media in response.media
            for example in media.examples
        }
        name = self._id()
        program = self._program(model, steps, f"{context.name}/{name}")
        blank: Scope = dict.fromkeys((*SCOPE_NAMES, *sorted(steps.bound)))
        blank["test"] = {}
        return Operation(
            id=name,
            method=self._method,
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
            path_parameters=tuple(PATH_PARAMETER.findall(self._path)),
            path_choices=_path_choices(self._path, parameters),
            spanning=dict(spanning_parameters(parameters)),
            success=_success(responses, has_steps=program is not None),
            deprecated=place.child("deprecated").value is True,
            resource=model.resource or "",
            servers=self._servers(),
            ignored=context.ignored.get((self._path, self._method.lower()), ()),
        )

    def _program(
        self, model: "OperationBehaviour", steps: StepContext, name: str
    ) -> Program | None:
        if not model.steps:
            return None
        from mockserver.verbs.step_compiler import compile_steps  # noqa: PLC0415 - costs start time

        return compile_steps(model.steps, self._own("steps"), steps, name)

    def _servers(self) -> tuple[ServerAddress, ...]:
        """Compile the operation's servers, or else those of its path item."""
        own = self._place.child("servers")
        shared = self._item.child("servers")
        return compile_servers(own if own.value else shared, self._context.problems)

    def _id(self) -> str:
        """Return the operationId; if missing or not unique, a name made of method and path."""
        place, taken = self._place.child("operationId"), self._context.ids
        name = place.value if isinstance(place.value, str) else ""
        if name in taken:
            message = f"another operation has the operationId {name[:80]!r}"
            self._warn(
                "MS111", place.source, message, "this one is named after its method and path"
            )
        if not name or name in taken:
            path = re.sub(r"[^A-Za-z0-9]+", "_", self._path).strip("_")
            name = f"{self._method.lower()}_{path}"
        taken.add(name)
        return name

    def _warn(self, code: str, source: Source, message: str, hint: str = "") -> None:
        self._context.problems.append(warning(code, source, message, hint))

    def _limits(self, model: "OperationBehaviour", steps: StepContext) -> tuple[RateLimit, ...]:
        """Add the operation's limits to the document's; one of the same name replaces it."""
        own = compile_limits(model.limits, self._own("limits"), steps)
        return tuple({limit.name: limit for limit in (*self._context.limits, *own)}.values())

    def _errors(self, model: "OperationBehaviour", steps: StepContext) -> Mapping[str, ErrorAnswer]:
        shared = self._context.errors
        if not model.errors:
            return shared
        return {**shared, **compile_errors(model.errors, self._own("errors"), steps)}

    def _test_values(
        self, model: "OperationBehaviour", steps: StepContext
    ) -> tuple[TestValues, ...]:
        own = compile_test_values(model.test_values, self._own("test_values"), steps)
        return (*self._context.test_values, *own)

    def _own(self, key: str) -> Source:
        return self._place.child("x-mock").child(key).source

    def _security(self) -> tuple[tuple[SchemeUse, ...], ...]:
        place, context = self._place.child("security"), self._context
        if not names_schemes(place.value, context.declared):
            if place.value is not None:
                message = "`security` must be a list"
                self._warn("MS701", place.source, message, "the document's applies")
            place = context.security
        return compile_security(place, context.schemes, context.declared, context.problems)

    def _parameters(self) -> Iterator[Parameter]:
        """Yield the path item's and the operation's parameters; the latter replace the former."""
        found = self._described_parameters()
        names = PATH_PARAMETER.findall(self._path)
        for name in dict.fromkeys(names):
            if (name, "path") not in found:
                message = f"the path parameter {{{name}}} is not described"
                self._warn("MS114", self._place.source, message, "it is read as text")
                yield undeclared_path_parameter(name)
        for (name, where), place in found.items():
            if where == "path" and name not in names:
                self._warn("MS115", place.source, f"the path has no {{{name}}}", near(name, names))
            elif where != "header" or name.lower() not in _IGNORED_HEADERS:
                yield self._bodies.parameters.compile(name, where, place)

    def _described_parameters(self) -> dict[tuple[str, str], Place]:
        """Return the parameters by name and location; the operation's replace its path item's."""
        shared, own = (one.child("parameters").items() for one in (self._item, self._place))
        return self._by_name(shared) | self._by_name(own)

    def _by_name(self, places: list[Place]) -> dict[tuple[str, str], Place]:
        found: dict[tuple[str, str], Place] = {}
        for place in places:
            resolved = self._bodies.resolve(place)
            name, where = resolved.child("name").value, resolved.child("in").value
            if isinstance(name, str) and where in _LOCATIONS:
                if (name, where) in found:
                    message = f"the {where} parameter {name!r} is described twice"
                    self._warn(
                        "MS113", place.source, message, "the last one is used; remove the other"
                    )
                found[name, str(where)] = resolved
            elif resolved.value is not None:
                problem = "a parameter needs a `name`, and an `in` of path, query, header or cookie"
                self._warn("MS112", resolved.source, problem)
        return found


def _members(path: str, parameters: list[Parameter]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {"path": PATH_PARAMETER.findall(path), "query": [], "cookie": []}
    for parameter in parameters:
        if parameter.part in ("query", "cookie"):
            names[parameter.part].append(parameter.name)
    return names


def _path_choices(path: str, parameters: list[Parameter]) -> dict[str, tuple[str, ...]]:
    """Return the `enum` of each path parameter that is only a part of its segment."""
    mixed = {
        name
        for segment in path.split("/")
        if not PATH_PARAMETER.fullmatch(segment)
        for name in PATH_PARAMETER.findall(segment)
    }
    return {
        parameter.name: choices
        for parameter in parameters
        if parameter.where == "path"
        and parameter.name in mixed
        and parameter.style == "simple"
        and (choices := parameter.shape.choices)
    }


def _success(responses: tuple[DocumentedResponse, ...], *, has_steps: bool) -> int:
    """Return the status code of a successful request.

    This is the lowest documented 2xx (200 for `2XX`), else the lowest 3xx (302 for `3XX`), else the
    first error if only errors are documented and no steps choose the answer. Otherwise it is 200,
    also if only `default` is documented.
    """
    documented = {response.status.upper(): None for response in responses}
    for kind, usual in (("2", 200), ("3", 302)):
        exact = [int(status) for status in documented if re.fullmatch(rf"{kind}\d\d", status)]
        if exact or f"{kind}XX" in documented:
            return min(exact, default=usual)
    errors = [status for status in documented if status[0] in "45"]
    if not errors or has_steps or "DEFAULT" in documented:
        return 200
    return int(errors[0].replace("XX", "00"))

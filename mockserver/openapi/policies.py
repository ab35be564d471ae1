"""Compile the parts of `x-mock` that are not steps to objects of `model.api`, such as `RateLimit`.

`compiler.py` calls it for settings, collections, principals and fixtures (files, and `records` of
the document); `operations.py` for errors, limits and test values, both of the document and of an
operation, and for the kinds of settings in expressions (`known_kinds`). Problems are added to the
one list of the document, and nothing is raised. It reads only fixture files, and only below the
document's folder or `../fixtures`, links resolved. Steps are compiled in `verbs/step_compiler.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.base.errors import SpecError
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem
from mockserver.base.time import ZERO, parse_duration
from mockserver.documents.document import Document, require_clean_text
from mockserver.documents.references import Place
from mockserver.language.expressions import WORLD_FUNCTIONS, KnownNames, compile_template
from mockserver.language.kind_checks import KnownKinds
from mockserver.language.kinds import BOOLEAN, DURATION, INSTANT, NULL, NUMBER, TEXT
from mockserver.model.api import (
    CollectionSpec,
    Effect,
    ErrorAnswer,
    Fixture,
    Principals,
    RateLimit,
    Requirement,
    Setting,
    TestValues,
)
from mockserver.model.refusal import Kind
from mockserver.schemas.validators import Schemas
from mockserver.verbs.step_context import StepContext

if TYPE_CHECKING:
    from mockserver.openapi import x_mock

_FIXTURE_NAMES = frozenset(("now", "settings", "_world"))
_FIXTURE_FUNCTIONS = {name: WORLD_FUNCTIONS[name] for name in ("uuid", "object_id", "token")}
"""Functions of the sandbox that fixtures can call."""
_FIXTURE_FOLDER = "fixtures"


def compile_settings(
    models: "Mapping[str, x_mock.SettingFields]", source: Source, problems: list[SpecProblem]
) -> dict[str, Setting]:
    """Compile settings and check their defaults."""
    settings: dict[str, Setting] = {}
    for name, model in models.items():
        setting = Setting(
            name,
            model.type,
            None,
            model.description,
            model.minimum,
            model.maximum,
            tuple(model.enum or ()),
        )
        try:
            default = setting.read(model.default)
        except ValueError as error:
            problems.append(SpecProblem("MS508", source.child(name, "default"), str(error)))
            default = None
        settings[name] = replace(setting, default=default)
    return settings


def known_kinds(settings: Mapping[str, Setting]) -> KnownKinds:
    """Return the kinds of settings, and of the names of every expression."""
    members = {name: _SETTING_KINDS[setting.type] for name, setting in settings.items()}
    return KnownKinds({"now": INSTANT, "base_url": TEXT, "request_id": TEXT}, {"settings": members})


_SETTING_KINDS = {
    "integer": NUMBER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "string": TEXT,
    "duration": DURATION,
}


def compile_collections(
    models: "Mapping[str, x_mock.CollectionFields]",
    built_in: Iterable[str],
    place: Place,
    schemas: Schemas,
) -> dict[str, CollectionSpec]:
    """Compile collections; add a problem for each name of a built-in collection."""
    taken = set(built_in)
    for name in models:
        if name in taken:
            message = f"{name!r} is the name of a built-in collection"
            source = place.child(name).source
            schemas.problems.append(SpecProblem("MS510", source, message, "choose another name"))
    return {
        name: CollectionSpec(
            name,
            model.key,
            tuple(model.unique),
            tuple(model.indexed),
            model.description,
            None
            if model.schema_ is None
            else schemas.validator(place.descend(name, "schema"), "response"),
        )
        for name, model in models.items()
    }


def compile_errors(
    models: "Mapping[str, x_mock.ErrorFields]", source: Source, context: StepContext
) -> dict[str, ErrorAnswer]:
    """Compile the answers of error kinds."""
    inner = context.with_names("error")
    return {
        kind: ErrorAnswer(
            kind,
            model.status,
            inner.templates(model.headers, source.child(kind, "headers")),
            inner.optional_template(model.body, source.child(kind, "body")),
            model.content_type,
            model.description,
        )
        for kind, model in models.items()
    }


def compile_limits(
    models: "Sequence[x_mock.RateLimitFields]", source: Source, context: StepContext
) -> tuple[RateLimit, ...]:
    """Compile rate limits."""
    return tuple(_limit(model, source.child(index), context) for index, model in enumerate(models))


def _limit(model: "x_mock.RateLimitFields", source: Source, context: StepContext) -> RateLimit:
    window = context.duration(model.window, source.child("window"))
    context.check_kinds(model.limit, NUMBER | NULL, source.child("limit"))
    return RateLimit(
        model.name,
        context.template(model.limit, source.child("limit")),
        window or (lambda _scope: ZERO),
        model.algorithm,
        context.optional_template(model.per, source.child("per")),
        model.headers,
        context.otherwise(model.otherwise, Kind.RATE_LIMITED, source.child("otherwise")),
        source,
    )


def compile_test_values(
    models: "Sequence[x_mock.TestValuesFields]", source: Source, context: StepContext
) -> tuple[TestValues, ...]:
    """Compile groups of test values."""
    return tuple(
        _test_values(model, source.child(index), context) for index, model in enumerate(models)
    )


def _test_values(
    model: "x_mock.TestValuesFields", source: Source, context: StepContext
) -> TestValues:
    inner = context if model.each is None else context.with_names("item")
    effects = {
        value: _effect(effect, source.child("values", value), context)
        for value, effect in model.values.items()
    }
    location = model.at if model.each is None else f"{model.at} of each item of {model.each}"
    return TestValues(
        inner.expression(model.at, source.child("at")),
        location,
        effects,
        source,
        context.condition(model.each, source.child("each")),
    )


def _effect(model: "x_mock.EffectFields", source: Source, context: StepContext) -> Effect:
    error = None
    if model.error is not None:
        error = context.otherwise(model.error, Kind.INVALID, source.child("error"))
    delay = ZERO
    if model.delay is not None:
        try:
            delay = parse_duration(model.delay)
        except ValueError as problem:
            context.problem("MS512", source.child("delay"), str(problem))
    wait = context.duration(model.retry_after, source.child("retry_after"))
    return Effect(model.description, error, wait, delay, dict(model.set))


def compile_principals(
    models: "Mapping[str, x_mock.PrincipalsFields]", source: Source, context: StepContext
) -> dict[str, Principals]:
    """Compile how the owners of credentials are found, by security scheme."""
    return {name: _principals(model, source.child(name), context) for name, model in models.items()}


def _principals(
    model: "x_mock.PrincipalsFields", source: Source, context: StepContext
) -> Principals:
    collection = context.check_collection(model.in_, source.child("in"))
    spec = context.collections.get(collection)
    requirements = tuple(
        Requirement(
            context.expression(item.that, source.child("require", index, "that")),
            context.otherwise(
                item.otherwise, Kind.UNAUTHENTICATED, source.child("require", index, "otherwise")
            ),
            str(item.that).strip("{} "),
            source.child("require", index, "that"),
        )
        for index, item in enumerate(model.require)
    )
    field = model.field or (spec.key if spec else "id")
    always = model.challenge is True
    challenge = None if always else context.template(model.challenge, source.child("challenge"))
    return Principals(
        collection, field, requirements, model.scopes, model.label, model.expires, challenge
    )


def compile_fixtures(
    model: "x_mock.DocumentBehaviour",
    place: Place,
    context: StepContext,
    read: Callable[[Path, str], Document],
) -> tuple[Fixture, ...]:
    """Compile the initial records of collections, from fixture files and from the document."""
    return (
        *_load_fixtures(model.fixtures, place.child("fixtures"), context, read),
        *_compile_records(model.records, place.child("records").source, context),
    )


def _load_fixtures(
    files: Sequence[str],
    place: Place,
    context: StepContext,
    read: Callable[[Path, str], Document],
) -> tuple[Fixture, ...]:
    """Read fixture files and compile their records."""
    fixtures: list[Fixture] = []
    for index, file in enumerate(files):
        try:
            at = place.child(index)
            document = require_clean_text(read(_fixture_path(file, at), _display(file, at)))
            fixtures += _fixture(document, context)
        except SpecError as error:
            context.problems += error.problems
    return tuple(fixtures)


def _fixture(document: Document, context: StepContext) -> list[Fixture]:
    whole = Place(document, "", document.value)
    if not isinstance(document.value, dict):
        message = "a fixture file must be a mapping of collections to lists of records"
        raise SpecError([SpecProblem("MS509", whole.source, message)])
    known = KnownNames(
        set(_FIXTURE_NAMES),
        context.known.members,
        functions=_FIXTURE_FUNCTIONS,
        kinds=context.known.kinds,
    )
    fixtures = []
    for name, records in whole.members():
        context.check_collection(name, records.source)
        rows = [] if records.value is None else records.value
        if not isinstance(rows, list) or not all(isinstance(item, dict) for item in rows):
            context.problem(
                "MS509", records.source, "the records of a collection must be a list of mappings"
            )
        template = compile_template(rows, records.source, known, context.problems)
        fixtures.append(Fixture(name, template, records.source))
    return fixtures


def _compile_records(
    records: Mapping[str, Sequence[Mapping[str, Any]]], source: Source, context: StepContext
) -> tuple[Fixture, ...]:
    """Compile the records that are written in the document itself."""
    known = KnownNames(
        set(_FIXTURE_NAMES),
        context.known.members,
        functions=_FIXTURE_FUNCTIONS,
        kinds=context.known.kinds,
    )
    fixtures = []
    for name, rows in records.items():
        context.check_collection(name, source.child(name))
        template = compile_template(list(rows), source.child(name), known, context.problems)
        fixtures.append(Fixture(name, template, source.child(name)))
    return tuple(fixtures)


def _display(file: str, place: Place) -> str:
    parts = Path(place.document.source(place.pointer).file).parent / file
    return str(_normal(parts))


def _normal(path: Path) -> Path:
    """Remove `folder/..` from a path, for messages."""
    kept: list[str] = []
    for part in path.parts:
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        else:
            kept.append(part)
    return Path(*kept)


def _fixture_path(file: str, place: Place) -> Path:
    """Return the path of a fixture file.

    Raises:
        SpecError: If it is neither below the folder of the document nor below `../fixtures`.
    """
    base = (place.document.path or Path("document")).resolve().parent
    path = (base / file).resolve()
    roots = (base, base.parent / _FIXTURE_FOLDER)
    if not any(path.is_relative_to(root) for root in roots):
        hint = f"move it to the folder of the document or to ../{_FIXTURE_FOLDER}"
        message = f"{file!r} is outside the folders for fixtures"
        raise SpecError([SpecProblem("MS509", place.source, message, hint)])
    return path

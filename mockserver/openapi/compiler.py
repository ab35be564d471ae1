"""Load documents: compile each to a `model.Api`, and collect the problems of all.

`Loader.load` gets paths of OpenAPI documents, overlays and folders, and returns a list of `Api`
objects with their warnings; or it raises one SpecError with all problems, if there is an error
among them (with `strict`, see `base/problems.py`, warnings are errors). Problems that
`x-mock-ignore` turns off are kept in `Api.ignored`. Callers: `server/sources.py`,
`cli/diff_command.py` and `cli/contract_options.py`; of `open_openapi`, which compiles nothing,
`contract/document_changes.py`. `load_apis` is for tests. Nothing is fetched or served.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mockserver.base.errors import SpecError
from mockserver.base.problem_switches import ProblemSwitch, without_ignored
from mockserver.base.problems import Severity, SpecProblem, strictly, warning
from mockserver.documents.bundling import bundle_document
from mockserver.documents.document import Document
from mockserver.documents.document_files import Files
from mockserver.documents.references import Place, References
from mockserver.documents.swagger import from_swagger
from mockserver.documents.switch_reading import read_switches
from mockserver.documents.versions import SWAGGER, version_of
from mockserver.model.api import Api, CollectionSpec, Operation, SecurityScheme
from mockserver.openapi.behaviour import (
    declared_names,
    document_behaviour,
    merged,
    with_known_keys,
)
from mockserver.openapi.callbacks import unserved_requests
from mockserver.openapi.extension_names import misspelt_extensions
from mockserver.openapi.misplaced_references import with_references_followed
from mockserver.openapi.operations import DocumentContext, compile_operations
from mockserver.openapi.paths import refuse_too_many_paths
from mockserver.openapi.policies import (
    compile_collections,
    compile_fixtures,
    compile_principals,
    compile_settings,
)
from mockserver.openapi.request_bodies import BodyCompiler
from mockserver.openapi.security_schemes import check_principals, compile_schemes
from mockserver.openapi.server_addresses import compile_servers
from mockserver.schemas.validators import Schemas
from mockserver.verbs.registry import Verbs

if TYPE_CHECKING:
    from mockserver.inference.inference import Inference
    from mockserver.openapi.x_mock import DocumentBehaviour


@dataclass(slots=True)
class Loader:
    """Loads documents; afterwards, `files` has the names of the files that were read."""

    built_in: Iterable[str] = ()
    """Names of the engine's own collections, which documents cannot declare."""
    strict: bool = False
    """Treat every problem as an error."""
    thorough: bool = False
    """Also make the checks that serving does not need: of examples, and `thorough_checks.py`."""
    stateful: bool = False
    """Infer the behaviour of operations without steps."""
    verbs: Verbs = field(default_factory=Verbs)
    """Verbs that steps may use."""
    files: Files = field(default_factory=Files)

    def load(self, paths: Sequence[Path]) -> list[Api]:
        """Load documents, or folders of them, with the overlays that extend them.

        Args:
            paths: OpenAPI documents, overlays, and folders; of a folder, all documents in it.

        Raises:
            SpecError: With every problem of every document, if there is an error among them.
        """
        problems: list[SpecProblem] = []
        apis: dict[str, Api] = {}
        for document, root in self.files.documents(paths, problems):
            try:
                api = self._compile(document, root)
            except SpecError as error:
                problems += error.problems
                continue
            if api.name in apis:
                message = f"two documents have the name {api.name!r}"
                hint = "set x-mock.name in one of them"
                problems.append(SpecProblem("MS014", api.source, message, hint))
            apis[api.name] = api
            problems += api.problems
        if self.strict:
            problems = [strictly(problem) for problem in problems]
        if any(problem.severity is Severity.ERROR for problem in problems):
            raise SpecError(problems)
        return list(apis.values())

    def _compile(self, document: Document, root: Path) -> Api:
        """Compile one document.

        Raises:
            SpecError: With every problem of the document, if there is an error among them.
        """
        problems: list[SpecProblem] = []
        whole, version, references = open_openapi(document, root, self.files, problems)
        bodies = BodyCompiler(references, Schemas(references, version, problems), problems)
        api = _compile(whole, version, bodies, self)
        problems += references.text_warnings()
        if self.thorough or self.strict:
            problems += bodies.example_checks.mismatches()
            problems += _thorough_problems(whole, version, references, api, problems)
        problems = list(dict.fromkeys(problems))
        switches: list[ProblemSwitch] = []
        if problems or self.thorough:
            main = whole.document.original or whole.document
            switches = read_switches(main, references.documents(), problems)
        problems, ignored = without_ignored(problems, switches)
        if any(problem.severity is Severity.ERROR for problem in problems):
            raise SpecError(problems)
        return replace(
            api, problems=tuple(problems), switches=tuple(switches), ignored=tuple(ignored)
        )


def _thorough_problems(
    whole: Place, version: str, references: References, api: Api, known: Sequence[SpecProblem]
) -> list[SpecProblem]:
    from mockserver.openapi.thorough_checks import thorough_problems  # noqa: PLC0415 - start time

    return list(thorough_problems(whole, version, references, api, known))


class OpenedDocument(NamedTuple):
    """A document in the form of OpenAPI 3; Swagger 2.0 is converted."""

    whole: Place
    version: str
    """Version of the document before conversion: 2.0, 3.0, 3.1 or 3.2."""
    references: References


def open_openapi(
    document: Document, root: Path, files: Files, problems: list[SpecProblem]
) -> OpenedDocument:
    """Determine the version of a document, and convert it if it is Swagger 2.0.

    Raises:
        SpecError: If it is not an OpenAPI document, its version is unknown, or it has too many
            paths.
    """
    references = References(root, files.read)
    references.add(document)
    version = version_of(Place(document, "", document.value), problems)
    refuse_too_many_paths(document)
    document = with_references_followed(document, version, references, problems)
    if version == SWAGGER:
        document = from_swagger(document, references, problems)
    return OpenedDocument(Place(document, "", document.value), version, references)


def load_apis(
    paths: Sequence[Path],
    built_in: Iterable[str] = (),
    *,
    strict: bool = False,
    stateful: bool = False,
) -> list[Api]:
    """Load documents as `Loader.load` does.

    Raises:
        SpecError: With every problem of every document, if there is an error among them.
    """
    return Loader(built_in, strict, stateful=stateful).load(paths)


def _compile(whole: Place, version: str, bodies: BodyCompiler, loader: Loader) -> Api:
    problems = bodies.problems
    inference = _infer(whole, bodies, loader.built_in) if loader.stateful else None
    own = merged(whole.child("x-mock"), inference.document if inference else {})
    place = with_known_keys(own, problems)
    context = _context(whole, place, bodies, loader, inference)
    operations = tuple(compile_operations(whole.child("paths"), version, context))
    _check_required_parts(whole, operations, problems)
    problems += misspelt_extensions([whole])
    _check_issued_tokens(operations, context.schemes, problems)
    steps = context.steps(context.kinds)
    return Api(
        name=context.name,
        title=_text(whole.descend("info", "title")),
        version=_text(whole.descend("info", "version")),
        description=_text(whole.descend("info", "description")),
        servers=compile_servers(whole.child("servers"), problems),
        operations=operations,
        settings=context.settings,
        collections=context.collections,
        fixtures=compile_fixtures(context.behaviour, place, steps, loader.files.read),
        errors=context.errors,
        schemes=context.schemes,
        source=whole.source,
        pages=_pages(context),
        document=partial(bundle_document, whole, bodies.references),
        recognised=inference.recognised if inference else None,
        unserved=tuple(unserved_requests(whole, version, bodies.resolve, problems)),
    )


def _context(
    whole: Place, place: Place, bodies: BodyCompiler, loader: Loader, inference: "Inference | None"
) -> DocumentContext:
    """Compile what all operations of a document share.

    Args:
        whole: The document.
        place: Its `x-mock`, after merging what was inferred.
        bodies: The compiler of its bodies, with its problems.
        loader: The options of loading.
        inference: What was inferred from the document.
    """
    problems = bodies.problems
    model = document_behaviour(place, problems)
    context = DocumentContext(
        model,
        bodies,
        compile_settings(model.settings, place.child("settings").source, problems),
        _collections(model, place, loader, bodies),
        {},
        whole.child("security"),
        place,
        problems,
        loader.verbs,
        model.name or _stem(whole.document),
        inference.operations if inference else {},
        inference.ignored if inference else {},
    )
    steps = context.steps(context.kinds)
    principals = compile_principals(model.principals, place.child("principals").source, steps)
    schemes = whole.descend("components", "securitySchemes")
    context.schemes = compile_schemes(schemes, bodies.resolve, principals, problems)
    context.declared = frozenset(name for name, _ in schemes.members())
    problems += check_principals(principals, context.schemes, place.child("principals"))
    context.compile_shared()
    return context


def _collections(
    model: "DocumentBehaviour", place: Place, loader: Loader, bodies: BodyCompiler
) -> dict[str, CollectionSpec]:
    """Compile collections; an invalid one keeps its name, which is then known where it is used."""
    declared = place.child("collections")
    valid = compile_collections(model.collections, loader.built_in, declared, bodies.schemas)
    return {
        **{name: CollectionSpec(name) for name in declared_names(place, "collections")},
        **valid,
    }


def _check_issued_tokens(
    operations: Iterable[Operation],
    schemes: Mapping[str, SecurityScheme],
    problems: list[SpecProblem],
) -> None:
    """Add a warning for each collection of access tokens that no security scheme looks up."""
    known = {one.principals.collection for one in schemes.values() if one.principals is not None}
    for operation in operations:
        for step in operation.program.steps if operation.program else ():
            name = getattr(step, "tokens", None) if step.verb == "oauth_token" else None
            if name is not None and name not in known:
                message = f"no security scheme looks up the access tokens in {name!r}"
                hint = "add the scheme to x-mock.principals; until then any token is accepted"
                problems.append(
                    warning("MS708", step.source.child("oauth_token", "tokens"), message, hint)
                )


def _infer(whole: Place, bodies: BodyCompiler, built_in: Iterable[str]) -> "Inference":
    from mockserver.inference.inference import infer  # noqa: PLC0415 - seldom needed

    return infer(whole, bodies.schemas, built_in)


def _pages(context: DocumentContext) -> tuple[Operation, ...]:
    if not context.behaviour.pages:
        return ()
    from mockserver.openapi.review_pages import compile_pages  # noqa: PLC0415 - costs start time

    return tuple(compile_pages(context))


def _check_required_parts(
    whole: Place, operations: Sequence[Operation], problems: list[SpecProblem]
) -> None:
    """Add a problem if a document lacks its title, its version or any operation."""
    for keys in (("info",), ("info", "title"), ("info", "version")):
        place = whole.descend(*keys)
        if place.value is None:
            message = f"the document has no {'.'.join(keys)}"
            problems.append(warning("MS103", place.source, message))
            break
    if not operations:
        problems.append(
            warning("MS104", whole.child("paths").source, "the document has no operations to serve")
        )


def _text(place: Place) -> str:
    return str(place.value) if isinstance(place.value, str | int | float) else ""


def _stem(document: Document) -> str:
    stem = Path(document.file).name.split(".")[0].lower()
    return "".join(letter if letter.isalnum() else "-" for letter in stem).strip("-") or "api"

"""From files to `model.Api`: everything is compiled, and all problems are found, before serving."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mockserver.errors import SpecError, SpecProblem
from mockserver.exchange import JsonValue
from mockserver.model import Api, Principals, Recognised, SecurityScheme, Server
from mockserver.spec import behaviour
from mockserver.spec.bodies import BodyCompiler
from mockserver.spec.bundling import bundled
from mockserver.spec.documents import Document, load_document
from mockserver.spec.operations import DocumentContext, compile_operations
from mockserver.spec.overlay import apply_overlays, extended_file, is_overlay
from mockserver.spec.pages import compile_pages
from mockserver.spec.policies import (
    compile_collections,
    compile_fixtures,
    compile_principals,
    compile_settings,
    merged,
    read_model,
)
from mockserver.spec.references import Place, References
from mockserver.spec.schemas import Schemas

if TYPE_CHECKING:
    from mockserver.spec.resources.inference import Inference

_VERSIONS = ("3.0", "3.1")
_SUFFIXES = (".yaml", ".yml", ".json")


def load_apis(
    paths: Sequence[Path], built_in: Iterable[str] = (), *, stateful: bool = False
) -> list[Api]:
    """Load documents, or folders of them, with the overlays that extend them.

    Args:
        paths: OpenAPI documents, overlays, and folders; a folder's documents are those in it.
        built_in: Names of collections that the engine keeps itself.
        stateful: Infer what operations do that don't say so.

    Raises:
        SpecError: With every problem of every document.
    """
    problems: list[SpecProblem] = []
    apis: dict[str, Api] = {}
    for document, root in _merged(paths, problems):
        try:
            api = compile_api(document, root, built_in, stateful=stateful)
        except SpecError as error:
            problems += error.problems
            continue
        if api.name in apis:
            message = f"two documents are called {api.name!r}"
            problems.append(SpecProblem(api.source, message, "set x-mock.name in one of them"))
        apis[api.name] = api
    if problems:
        raise SpecError(problems)
    return list(apis.values())


def _merged(paths: Sequence[Path], problems: list[SpecProblem]) -> list[tuple[Document, Path]]:
    """Read the documents and apply to each the overlays that extend it."""
    documents: dict[Path, Document] = {}
    overlays: dict[Path, list[Document]] = {}
    for path, name in _files(paths, problems):
        try:
            _sort_in(load_document(path, name), path, documents, overlays)
        except SpecError as error:
            problems += error.problems
    merged = []
    for path, document in documents.items():
        try:
            whole = apply_overlays(document, overlays.get(path, []))
        except SpecError as error:
            problems += error.problems
        else:
            merged.append((whole, path.parent))
    return merged


def _sort_in(
    document: Document,
    path: Path,
    documents: dict[Path, Document],
    overlays: dict[Path, list[Document]],
) -> None:
    if not is_overlay(document):
        documents.setdefault(path, document)
        return
    file = extended_file(document)
    target = _beside(path, file or "")
    if file is None or target is None:
        hint = "name a file in the overlay's own folder"
        message = "`extends` names no document"
        raise SpecError([SpecProblem(document.source("/extends"), message, hint)])
    overlays.setdefault(target, []).append(document)
    if target not in documents:
        name = str(Path(document.file).parent / file)
        documents[target] = load_document(target, name)


def _beside(path: Path, file: str) -> Path | None:
    """Return the file of a name that lies in another one's folder, if there is one."""
    try:
        target = (path.parent / file).resolve()
        return target if target.is_relative_to(path.parent) and target.is_file() else None
    except (OSError, ValueError):
        return None


def _files(paths: Sequence[Path], problems: list[SpecProblem]) -> list[tuple[Path, str]]:
    """List the files that the paths name, each with the name people are told."""
    found: dict[Path, str] = {}
    for path in paths:
        if not path.is_dir():
            found.setdefault(path.resolve(), str(path))
            continue
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
        if not files:
            source = Document(str(path), None, None, dict).source()
            problems.append(SpecProblem(source, "no OpenAPI document is in this folder"))
        for file in files:
            found.setdefault(file.resolve(), str(file))
    return list(found.items())


def compile_api(
    document: Document, root: Path, built_in: Iterable[str] = (), *, stateful: bool = False
) -> Api:
    """Compile one document.

    Raises:
        SpecError: With every problem of the document.
    """
    whole = Place(document, "", document.value)
    references = _references(document, root)
    context = _context(whole, references, built_in, stateful=stateful)
    model, place, problems = context.behaviour, context.place, context.problems
    steps = context.steps(context.kinds)
    principals = compile_principals(model.principals, place.child("principals").source, steps)
    context.schemes = _schemes(whole, principals, context)
    context.compile_shared()
    api = Api(
        name=model.name or _stem(document),
        title=str(whole.descend("info", "title").value or ""),
        version=str(whole.descend("info", "version").value or ""),
        description=str(whole.descend("info", "description").value or ""),
        servers=tuple(_servers(whole.child("servers"))),
        operations=tuple(compile_operations(whole.child("paths"), context)),
        settings=context.settings,
        collections=context.collections,
        fixtures=compile_fixtures(model, place, steps),
        errors=context.errors,
        schemes=context.schemes,
        source=whole.source,
        pages=tuple(compile_pages(context)),
        document=partial(bundled, whole, references),
        recognised=context.recognised,
    )
    _check(api, whole, problems)
    return api


def _check(api: Api, whole: Place, problems: list[SpecProblem]) -> None:
    if not api.operations:
        problems.append(SpecProblem(whole.child("paths").source, "there is no operation to serve"))
    if problems:
        raise SpecError(problems)


def infer_overlay(
    path: Path, built_in: Iterable[str] = ()
) -> tuple[dict[str, JsonValue], Recognised]:
    """Infer what a document's operations do, as an overlay that extends its file.

    Raises:
        SpecError: With every problem of the document.
    """
    from mockserver.spec.resources.inference import as_overlay  # noqa: PLC0415 - seldom needed

    load_apis([path], built_in, stateful=True)
    document, root = _merged([path], [])[0]
    whole, problems = Place(document, "", document.value), list[SpecProblem]()
    references = _references(document, root)
    found = _infer(whole, references, Schemas(references, _version(whole), problems), built_in)
    title = str(whole.descend("info", "title").value or document.file)
    return as_overlay(found, title, (document.path or path).name), found.recognised


def _references(document: Document, root: Path) -> References:
    references = References(root)
    references.add(document)
    return references


def _infer(
    whole: Place, references: References, schemas: Schemas, built_in: Iterable[str]
) -> "Inference":
    from mockserver.spec.resources.inference import infer  # noqa: PLC0415 - seldom needed

    return infer(whole, references, schemas, built_in)


def _context(
    whole: Place, references: References, built_in: Iterable[str], *, stateful: bool
) -> DocumentContext:
    problems: list[SpecProblem] = []
    schemas = Schemas(references, _version(whole), problems)
    found = _infer(whole, references, schemas, built_in) if stateful else None
    place = merged(whole.child("x-mock"), found.document if found else {})
    model = read_model(behaviour.DocumentBehaviour, place, problems)
    return DocumentContext(
        model,
        BodyCompiler(references, schemas, problems),
        compile_settings(model.settings, place.child("settings").source, problems),
        compile_collections(model.collections, built_in, place.child("collections"), schemas),
        {},
        whole.child("security"),
        place,
        problems,
        found.operations if found else {},
        found.recognised if found else None,
    )


def _version(whole: Place) -> str:
    given = whole.child("openapi").value
    version = given[:3] if isinstance(given, str) else ""
    if version not in _VERSIONS:
        message = f"not an OpenAPI document of version {' or '.join(_VERSIONS)}"
        hint = "begin it with `openapi: 3.1.0`"
        raise SpecError([SpecProblem(whole.source, message, hint)])
    return version


def _stem(document: Document) -> str:
    stem = Path(document.file).name.split(".")[0].lower()
    return "".join(letter if letter.isalnum() else "-" for letter in stem).strip("-") or "api"


def _servers(place: Place) -> list[Server]:
    servers = []
    for item in place.items():
        url = _filled(item)
        parts = urlsplit(url)
        servers.append(Server(parts.netloc.lower(), parts.path.rstrip("/")))
    return servers


def _filled(server: Place) -> str:
    """Return a server's URL with the defaults of its variables."""
    url = str(server.child("url").value or "/")
    for name, variable in server.child("variables").members():
        url = url.replace(f"{{{name}}}", str(variable.child("default").value or ""))
    return url


def _schemes(
    whole: Place, principals: dict[str, Principals], context: DocumentContext
) -> dict[str, SecurityScheme]:
    place = whole.descend("components", "securitySchemes")
    found = {
        name: _scheme(name, context.bodies.resolve(member), principals.get(name), context)
        for name, member in place.members()
    }
    for name in principals:
        if name not in found:
            source = context.place.descend("principals", name).source
            message = f"there is no security scheme {name!r} under components"
            context.problems.append(SpecProblem(source, message))
    return found


def _scheme(
    name: str, place: Place, owners: Principals | None, context: DocumentContext
) -> SecurityScheme:
    kind, scheme = place.child("type").value, str(place.child("scheme").value or "").lower()
    if kind == "apiKey":
        where = str(place.child("in").value)
        parameter = str(place.child("name").value)
        if where == "header":
            parameter = parameter.lower()
        return SecurityScheme(name, "apiKey", where, parameter, owners)
    if kind in ("oauth2", "openIdConnect"):
        return SecurityScheme(name, "oauth2", principals=owners)
    if kind == "http" and scheme in ("basic", "bearer"):
        return SecurityScheme(name, scheme, principals=owners)
    message = f"security schemes of type {kind!r} {scheme} are not supported"
    hint = "use apiKey, http with basic or bearer, or oauth2"
    context.problems.append(SpecProblem(place.source, message, hint))
    return SecurityScheme(name, "bearer", principals=owners)

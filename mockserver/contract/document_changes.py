"""List the changes between two versions of a document, and the interactions that they break.

`cli/diff_command.py` calls `load_version` twice (`SpecError` if a document cannot be read), then
`changes`: `Change`s with places in the new version, breaking ones first; and `broken_interactions`:
those of the old version that contradict the new one. Operations match by method and path template.
Whatever a client may rely on breaks when it is removed (unless a range or `default` covers a
status); what is new breaks only if requests must have it. `schema_changes.py` judges schemas,
`security_changes.py` credentials. Webhooks, callbacks, links and hosts of servers are not compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mockserver.base.errors import SpecError
from mockserver.base.http import media_type
from mockserver.base.json import JsonValue, escape
from mockserver.base.problems import Severity, SpecProblem
from mockserver.contract.checking import contradictions, expected_answers
from mockserver.contract.conformance import Contract
from mockserver.contract.flattened_schemas import DocumentVersion
from mockserver.contract.interactions import Interaction, PlacedInteraction
from mockserver.contract.schema_changes import Change, SchemaChanges
from mockserver.contract.schema_parts import DescribedValue, described_answer, described_request
from mockserver.contract.security_changes import scheme_changes, security_changes
from mockserver.documents.document_files import Files
from mockserver.documents.references import Place
from mockserver.engine.documented_answers import response_for
from mockserver.model.api import PATH_PARAMETER, Api, Operation
from mockserver.openapi.compiler import open_openapi
from mockserver.openapi.paths import DescribedOperation, described_operations
from mockserver.openapi.server_addresses import compile_servers
from mockserver.wire.parameter_styles import style_of


@dataclass(frozen=True, slots=True)
class BrokenInteraction:
    """An interaction that the new version breaks, and the reason."""

    placed: PlacedInteraction
    reason: str


def load_version(path: Path) -> DocumentVersion:
    """Read one version of a document and apply its overlays.

    Args:
        path: The document, or a folder with one document and its overlays.

    Raises:
        SpecError: If the document cannot be read.
    """
    problems: list[SpecProblem] = []
    files = Files()
    found = files.documents([path], problems)
    if not found or any(problem.severity is Severity.ERROR for problem in problems):
        raise SpecError(problems)
    return DocumentVersion(*open_openapi(*found[0], files, problems))


def changes(old: DocumentVersion, new: DocumentVersion) -> list[Change]:
    """List all changes, the breaking ones first."""
    found = list(_Comparison(old, new).changes())
    return sorted(found, key=lambda change: (not change.breaking, change.where, change.message))


class _Comparison:
    def __init__(self, old: DocumentVersion, new: DocumentVersion) -> None:
        self._old = old
        self._new = new
        self._request = SchemaChanges(old, new, is_request=True)
        self._answer = SchemaChanges(old, new, is_request=False)

    def changes(self) -> Iterator[Change]:
        """Yield the changes of operations, servers and security schemes."""
        before, after = _operations(self._old), _operations(self._new)
        for key in before.keys() - after.keys():
            name, source = " ".join(before[key][:2][::-1]), self._new.root.child("paths").source
            yield Change(name, "the operation was removed", breaking=True, source=source)
        for key in after.keys() - before.keys():
            name, source = " ".join(after[key][:2][::-1]), after[key].place.source
            yield Change(name, "the operation is new", breaking=False, source=source)
        for key in before.keys() & after.keys():
            yield from self._operation(before[key], after[key])
        yield from self._servers()
        yield from scheme_changes(self._old, self._new)

    def _servers(self) -> Iterator[Change]:
        before, after = _base_paths(self._old), _base_paths(self._new)
        yield from _removed_paths(before, after, "servers", self._new.root.child("servers"))

    def _operation(self, before: DescribedOperation, after: DescribedOperation) -> Iterator[Change]:
        old, new, name = before.place, after.place, f"{before.method} {before.path}"
        if any(one.child("servers").value for one in (old, new, before.item, after.item)):
            was, is_now = (
                _operation_base_paths(self._old, before),
                _operation_base_paths(self._new, after),
            )
            yield from _removed_paths(was, is_now, name, new)
        yield from self._parameters(name, before, after)
        yield from self._bodies(name, old, new)
        yield from self._responses(name, old, new)
        if new.child("deprecated").value is True and old.child("deprecated").value is not True:
            yield Change(name, "is deprecated now", breaking=False, source=new.source)
        yield from security_changes(self._old, self._new, old, new, name)

    def _parameters(
        self, name: str, old: DescribedOperation, new: DescribedOperation
    ) -> Iterator[Change]:
        before, after = _parameters(self._old, old), _parameters(self._new, new)
        names = zip(PATH_PARAMETER.findall(old.path), PATH_PARAMETER.findall(new.path), strict=True)
        for one, other in names:
            if one != other and ("path", other) in after:
                place = after["path", one] = after.pop(("path", other))
                message = f"was renamed to {other}"
                yield Change(f"{name} path {one}", message, breaking=False, source=place.source)
        for key in before.keys() - after.keys():
            where = f"{name} {' '.join(key)}"
            yield Change(where, "was removed", breaking=True, source=new.place.source)
        for key in after.keys() - before.keys():
            is_required = _is_required(after[key])
            message = "is new and required" if is_required else "is new"
            yield Change(f"{name} {' '.join(key)}", message, is_required, after[key].source)
        for key in before.keys() & after.keys():
            where = f"{name} {' '.join(key)}"
            one, other = before[key], after[key]
            if _is_required(one) != _is_required(other):
                is_required = _is_required(other)
                message = "is required now" if is_required else "is no longer required"
                yield Change(where, message, is_required, other.source)
            yield from self._style_changes(one, other, where)
            schemas = _schema_of(self._old, one), _schema_of(self._new, other)
            yield from self._request.between(*schemas, where)

    def _style_changes(self, old: Place, new: Place, where: str) -> Iterator[Change]:
        """Yield a change if an array or an object has another serialization style."""
        before, after = (style_of(str(one.child("in").value), one.value) for one in (old, new))
        kinds = self._new.flatten(_schema_of(self._new, new)).types
        if before != after and kinds & {"array", "object"} and "string" not in kinds:
            words = [
                f"{style}{' exploded' if explode else ''}" for style, explode in (before, after)
            ]
            message = f"style was {words[0]}, is {words[1]}"
            yield Change(where, message, breaking=True, source=new.source)

    def _bodies(self, name: str, old: Place, new: Place) -> Iterator[Change]:
        one = self._old.resolve(old.child("requestBody"))
        other = self._new.resolve(new.child("requestBody"))
        is_required = other.child("required").value is True
        if one.value is None and other.value is not None:
            yield Change(f"{name} request", "has a body now", is_required, other.source)
        elif is_required and one.child("required").value is not True:
            yield Change(f"{name} request", "is required now", breaking=True, source=other.source)
        yield from self._content(f"{name} request", one, other, self._request)

    def _responses(self, name: str, old: Place, new: Place) -> Iterator[Change]:
        before = dict(old.child("responses").members())
        after = dict(new.child("responses").members())
        for status in after.keys() - before.keys():
            where = f"{name} answer {status}"
            yield Change(where, "is new", breaking=False, source=after[status].source)
        for status, place in before.items():
            where = f"{name} answer {status}"
            covering = (status, f"{status[:1]}XX", "default")
            found = next((after[one] for one in covering if one in after), None)
            if found is None:
                source = new.child("responses").source
                yield Change(where, "was removed", breaking=True, source=source)
                continue
            one, other = self._old.resolve(place), self._new.resolve(found)
            yield from self._headers_of_answer(where, one, other)
            yield from self._content(where, one, other, self._answer)

    def _headers_of_answer(self, where: str, old: Place, new: Place) -> Iterator[Change]:
        """Compare the headers of an answer."""
        before, after = _headers(self._old, old), _headers(self._new, new)
        for name in before.keys() - after.keys():
            place = f"{where} header {name}"
            yield Change(place, "was removed", breaking=True, source=new.source)
        for name in after.keys() - before.keys():
            place = f"{where} header {name}"
            yield Change(place, "is new", breaking=False, source=after[name].source)
        for name in before.keys() & after.keys():
            one, other, place = before[name], after[name], f"{where} header {name}"
            if _is_required(one) != _is_required(other):
                message = "is required now" if _is_required(other) else "is no longer required"
                yield Change(place, message, _is_required(one), other.source)
            schemas = _schema_of(self._old, one), _schema_of(self._new, other)
            yield from self._answer.between(*schemas, place)

    def _content(
        self, where: str, old: Place, new: Place, schemas: SchemaChanges
    ) -> Iterator[Change]:
        before, after = _media(old), _media(new)
        for media in before.keys() - after.keys():
            message = f"the media type {media} was removed"
            yield Change(where, message, breaking=True, source=new.source)
        for media in after.keys() - before.keys():
            message = f"the media type {media} is new"
            yield Change(where, message, breaking=False, source=after[media].source)
        for media in before.keys() & after.keys():
            one, other = before[media].child("schema"), after[media].child("schema")
            yield from schemas.between(one, other, where)


def _operations(side: DocumentVersion) -> dict[str, DescribedOperation]:
    paths = side.root.child("paths")
    found = described_operations(paths, side.version, side.resolve, [])
    return {f"{one.method} {PATH_PARAMETER.sub('{}', one.path)}": one for one in found}


def _parameters(
    side: DocumentVersion, operation: DescribedOperation
) -> dict[tuple[str, str], Place]:
    found = {}
    shared, own = operation.item.child("parameters"), operation.place.child("parameters")
    for place in (*shared.items(), *own.items()):
        resolved = side.resolve(place)
        where, name = str(resolved.child("in").value), str(resolved.child("name").value)
        found[where, name.lower() if where == "header" else name] = resolved
    return found


def _is_required(parameter: Place) -> bool:
    return parameter.child("required").value is True


def _base_paths(side: DocumentVersion) -> set[str]:
    return _paths(side.root.child("servers"))


def _paths(servers: Place) -> set[str]:
    """Return the base paths of a list of servers; an empty list means one empty base path."""
    return {server.path for server in compile_servers(servers, [])} or {""}


def _operation_base_paths(side: DocumentVersion, operation: DescribedOperation) -> set[str]:
    own, shared = operation.place.child("servers"), operation.item.child("servers")
    return _paths(own if own.value else shared) if own.value or shared.value else _base_paths(side)


def _removed_paths(before: set[str], after: set[str], where: str, place: Place) -> Iterator[Change]:
    for path in sorted(before - after):
        message = f"the base path {path or '/'} was removed"
        yield Change(where, message, breaking=True, source=place.source)


def _media(holder: Place) -> dict[str, Place]:
    """Return the media types of a body by name, without the parameter `charset`."""
    found = {}
    for name, place in holder.child("content").members():
        given = media_type(name)
        others = (f"; {key}={value}" for key, value in given.parameters.items() if key != "charset")
        found[given.name + "".join(others)] = place
    return found


def _headers(side: DocumentVersion, answer: Place) -> dict[str, Place]:
    """Return the headers of an answer by their names in lower case, except Content-Type."""
    found = {name.lower(): side.resolve(one) for name, one in answer.child("headers").members()}
    return {name: place for name, place in found.items() if name != "content-type"}


def _schema_of(side: DocumentVersion, parameter: Place) -> Place:
    """Return the schema of a parameter or a header, which may be within its `content`."""
    content = parameter.child("content").members()
    return (side.resolve(content[0][1]) if content else parameter).child("schema")


def broken_interactions(
    old: Api, new: Api, interactions: Sequence[PlacedInteraction]
) -> Iterator[BrokenInteraction]:
    """Yield the interactions of the old version that contradict the new one."""
    before, after, answers = Contract(old), Contract(new), expected_answers(interactions)
    for placed in interactions:
        named = placed.interaction.operation
        found = after.find_operation(placed.interaction.request)
        if found is None or (named is not None and named not in after.operations):
            yield BrokenInteraction(placed, "its operation was removed")
            continue
        reasons = [one.message for one in contradictions(after, placed, answers)]
        reasons += _undocumented_members(
            before.operation_of(placed.interaction), found, placed.interaction
        )
        if reasons:
            yield BrokenInteraction(placed, "; ".join(dict.fromkeys(reasons)))


def _undocumented_members(
    old: Operation, new: Operation, interaction: Interaction
) -> Iterator[str]:
    """Yield the members of an interaction that only the old version describes."""
    request, answer = interaction.request, interaction.answer
    if request.has_json:
        before, after = (described_request(one, "application/json") for one in (old, new))
        for name in _undocumented(request.json_body, before, after, ""):
            yield f"the request's {name} is no longer documented"
    if answer.has_json:
        documented = (response_for(one, answer.status) for one in (old, new))
        before, after = (described_answer(one.media) if one else None for one in documented)
        for name in _undocumented(answer.json_body, before, after, ""):
            yield f"the answer's {name} is no longer documented"


def _undocumented(
    value: JsonValue, old: DescribedValue | None, new: DescribedValue | None, pointer: str
) -> Iterator[str]:
    if old is None or new is None:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            before, after = old.member(key), new.member(key)
            below = f"{pointer}/{escape(key)}"
            if before is not None and after is None:
                yield below
            yield from _undocumented(member, before, after, below)
    elif isinstance(value, list):
        for item in value[:1]:
            yield from _undocumented(item, old.item(), new.item(), f"{pointer}/*")

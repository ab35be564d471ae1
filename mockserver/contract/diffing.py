"""What changed between two versions of a document, and which interactions that breaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mockserver.contract.checking import contradictions, expected_answers
from mockserver.contract.conformance import Contract
from mockserver.contract.described import Described, described_answer, described_request
from mockserver.contract.interactions import Interaction, Placed
from mockserver.contract.schema_changes import Change, SchemaChanges, Side
from mockserver.engine.documented import response_for
from mockserver.errors import Severity, SpecError, SpecProblem, escape
from mockserver.exchange import JsonValue
from mockserver.model import Api, Operation
from mockserver.spec.compiler import opened
from mockserver.spec.files import Files
from mockserver.spec.paths import Described as Documented
from mockserver.spec.paths import described_operations
from mockserver.spec.references import Place
from mockserver.spec.servers import compile_servers


@dataclass(frozen=True, slots=True)
class Broken:
    """An interaction that the new version breaks, and why."""

    placed: Placed
    because: str


def load_side(path: Path) -> Side:
    """Read one version of a document, with the overlays that are named along with it.

    Raises:
        SpecError: If it cannot be read.
    """
    problems: list[SpecProblem] = []
    files = Files()
    found = files.documents([path], problems)
    if not found or any(problem.severity is Severity.ERROR for problem in problems):
        raise SpecError(problems)
    return Side(*opened(*found[0], files, problems))


def changes(old: Side, new: Side) -> list[Change]:
    """List everything that changed, what breaks a client first."""
    found = list(_Diff(old, new).changes())
    return sorted(found, key=lambda change: (not change.breaking, change.where, change.message))


class _Diff:
    def __init__(self, old: Side, new: Side) -> None:
        self._old = old
        self._new = new
        self._request = SchemaChanges(old, new, is_request=True)
        self._answer = SchemaChanges(old, new, is_request=False)

    def changes(self) -> Iterator[Change]:
        """Yield every difference."""
        before, after = _operations(self._old), _operations(self._new)
        for name in before.keys() - after.keys():
            source = self._new.whole.child("paths").source
            yield Change(name, "the operation is gone", breaking=True, source=source)
        for name in after.keys() - before.keys():
            yield Change(
                name, "the operation is new", breaking=False, source=after[name].place.source
            )
        for name in before.keys() & after.keys():
            yield from self._operation(name, before[name], after[name])
        yield from self._servers()

    def _servers(self) -> Iterator[Change]:
        before, after = _addresses(self._old), _addresses(self._new)
        for path in sorted(before - after):
            message = f"the base path {path or '/'} is gone"
            source = self._new.whole.child("servers").source
            yield Change("servers", message, breaking=True, source=source)

    def _operation(self, name: str, before: Documented, after: Documented) -> Iterator[Change]:
        old, new = before.place, after.place
        yield from self._parameters(name, before, after)
        yield from self._bodies(name, old, new)
        yield from self._responses(name, old, new)
        if new.child("deprecated").value is True and old.child("deprecated").value is not True:
            yield Change(name, "is deprecated now", breaking=False, source=new.source)
        was, is_now = _security(self._old, old), _security(self._new, new)
        if was != is_now:
            message = f"security was {_schemes(was)}, is {_schemes(is_now)}"
            yield Change(name, message, not was <= is_now, new.source)

    def _parameters(self, name: str, old: Documented, new: Documented) -> Iterator[Change]:
        before, after = _parameters(self._old, old), _parameters(self._new, new)
        for key in before.keys() - after.keys():
            where = f"{name} {' '.join(key)}"
            yield Change(where, "is no longer there", breaking=True, source=new.place.source)
        for key in after.keys() - before.keys():
            needed = _is_needed(after[key])
            message = "is new and required" if needed else "is new"
            yield Change(f"{name} {' '.join(key)}", message, needed, after[key].source)
        for key in before.keys() & after.keys():
            where = f"{name} {' '.join(key)}"
            one, other = before[key], after[key]
            if _is_needed(one) != _is_needed(other):
                needed = _is_needed(other)
                message = "is required now" if needed else "is no longer required"
                yield Change(where, message, needed, other.source)
            yield from self._request.between(one.child("schema"), other.child("schema"), where)

    def _bodies(self, name: str, old: Place, new: Place) -> Iterator[Change]:
        one = self._old.resolve(old.child("requestBody"))
        other = self._new.resolve(new.child("requestBody"))
        needed = other.child("required").value is True
        if one.value is None and other.value is not None:
            yield Change(f"{name} request", "has a body now", needed, other.source)
        elif needed and one.child("required").value is not True:
            yield Change(f"{name} request", "is required now", breaking=True, source=other.source)
        yield from self._content(f"{name} request", one, other, self._request)

    def _responses(self, name: str, old: Place, new: Place) -> Iterator[Change]:
        before = dict(old.child("responses").members())
        after = dict(new.child("responses").members())
        for status in before.keys() - after.keys():
            source = new.child("responses").source
            where = f"{name} answer {status}"
            yield Change(where, "is no longer there", breaking=True, source=source)
        for status in after.keys() - before.keys():
            where = f"{name} answer {status}"
            yield Change(where, "is new", breaking=False, source=after[status].source)
        for status in before.keys() & after.keys():
            one = self._old.resolve(before[status])
            other = self._new.resolve(after[status])
            yield from self._content(f"{name} answer {status}", one, other, self._answer)

    def _content(
        self, where: str, old: Place, new: Place, schemas: SchemaChanges
    ) -> Iterator[Change]:
        before = dict(old.child("content").members())
        after = dict(new.child("content").members())
        for media in before.keys() - after.keys():
            yield Change(where, f"is no longer {media}", breaking=True, source=new.source)
        for media in after.keys() - before.keys():
            breaking = not schemas.is_request and bool(before)
            yield Change(where, f"can be {media} now", breaking, after[media].source)
        for media in before.keys() & after.keys():
            one, other = before[media].child("schema"), after[media].child("schema")
            yield from schemas.between(one, other, where)


def _operations(side: Side) -> dict[str, Documented]:
    paths = side.whole.child("paths")
    found = described_operations(paths, side.version, side.resolve, [])
    return {f"{one.method} {one.path}": one for one in found}


def _parameters(side: Side, operation: Documented) -> dict[tuple[str, str], Place]:
    found = {}
    shared, own = operation.item.child("parameters"), operation.place.child("parameters")
    for place in (*shared.items(), *own.items()):
        resolved = side.resolve(place)
        where, name = str(resolved.child("in").value), str(resolved.child("name").value)
        found[where, name.lower() if where == "header" else name] = resolved
    return found


def _is_needed(parameter: Place) -> bool:
    return parameter.child("required").value is True


def _addresses(side: Side) -> set[str]:
    return {server.path for server in compile_servers(side.whole.child("servers"), [])}


def _security(side: Side, operation: Place) -> frozenset[frozenset[str]]:
    own = operation.child("security")
    place = own if isinstance(own.value, list) else side.whole.child("security")
    return frozenset(frozenset(name for name, _ in one.members()) for one in place.items())


def _schemes(security: frozenset[frozenset[str]]) -> str:
    return " or ".join(sorted(" and ".join(sorted(one)) or "none" for one in security)) or "none"


def broken(old: Api, new: Api, interactions: Sequence[Placed]) -> Iterator[Broken]:
    """Yield the interactions of the old version that the new one contradicts."""
    before, after, answers = Contract(old), Contract(new), expected_answers(interactions)
    for placed in interactions:
        named = placed.interaction.operation
        found = after.leads_to(placed.interaction.request)
        if found is None or (named is not None and named not in after.operations):
            yield Broken(placed, "its operation is gone")
            continue
        reasons = [one.message for one in contradictions(after, placed, answers)]
        reasons += _forgotten(before.operation_of(placed.interaction), found, placed.interaction)
        if reasons:
            yield Broken(placed, "; ".join(dict.fromkeys(reasons)))


def _forgotten(old: Operation, new: Operation, interaction: Interaction) -> Iterator[str]:
    """Tell which members of an interaction only the old version describes."""
    request, answer = interaction.request, interaction.answer
    if request.has_json:
        before, after = (described_request(one, "application/json") for one in (old, new))
        for name in _undescribed(request.json_body, before, after, ""):
            yield f"the request's {name} is no longer documented"
    if answer.has_json:
        documented = (response_for(one, answer.status) for one in (old, new))
        before, after = (described_answer(one.media) if one else None for one in documented)
        for name in _undescribed(answer.json_body, before, after, ""):
            yield f"the answer's {name} is no longer documented"


def _undescribed(
    value: JsonValue, old: Described | None, new: Described | None, pointer: str
) -> Iterator[str]:
    if old is None or new is None:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            before, after = old.member(key), new.member(key)
            below = f"{pointer}/{escape(key)}"
            if before is not None and after is None:
                yield below
            yield from _undescribed(member, before, after, below)
    elif isinstance(value, list):
        for item in value[:1]:
            yield from _undescribed(item, old.item(), new.item(), f"{pointer}/*")

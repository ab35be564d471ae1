"""Validate and keep the faults of a sandbox: answers, delays and closed connections for tests.

- In: a `FaultDefinition` of the control API; `check_fault` returns a `Fault` for it, or raises
  `FaultError` with all problems. `Faults.add` keeps it, at most `MOST_FAULTS` in each sandbox.
- Out: an `Installed` fault with its counts; `Faults.hit` returns the one that hits a request, or
  None, and counts both. `probability` uses no random numbers: it hashes seed, id and count.
- Faults and their counts are records of the sandbox itself, written through a transaction; a rewind
  takes them back. `refresh` reads them again.
- Callers: `control/fault_calls.py` adds and removes; `fault_injection.py` asks for hits and applies
  them; `sandbox.py` makes a `Faults` for each sandbox; `control/known_names.py` checks names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b

from mockserver.base.errors import FaultError, SandboxFullError
from mockserver.base.problems import near, unknown
from mockserver.base.time import MINUTE, ZERO, Duration, parse_duration
from mockserver.base.wildcards import ANY
from mockserver.engine.records import Collection, Transaction
from mockserver.model.api import Api, Operation
from mockserver.model.fault import Fault, FaultDefinition
from mockserver.model.refusal import Kind
from mockserver.model.request_paths import addresses, fits, wrong_pattern

MOST_FAULTS = 100
"""Maximum number of faults of one sandbox."""
LONGEST_DELAY = Duration(MINUTE)
MOST = 10**9
"""Maximum of members that are numbers of requests, bytes or seconds."""
DISCONNECTS = ("before", "after")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def check_fault(definition: FaultDefinition, apis: Mapping[str, Api]) -> Fault:
    """Validate a definition against the served APIs.

    Raises:
        FaultError: With all problems.
    """
    problems = [*_wrong_numbers(definition), *_contradictions(definition)]
    delay = ZERO
    try:
        delay = ZERO if definition.delay is None else parse_duration(definition.delay[:100])
    except ValueError as error:
        problems.append(f"delay: {error}")
    if delay > LONGEST_DELAY:
        problems.append("delay is 60 seconds at most")
    targets = _Targets(definition, apis, problems).narrowed()
    if problems:
        raise FaultError(problems)
    return Fault(definition, frozenset((api.name, item.id) for api, item in targets), delay)


def _wrong_numbers(definition: FaultDefinition) -> Iterator[str]:
    bounds: Mapping[str, tuple[int, int]] = {
        "times": (1, MOST),
        "after": (0, MOST),
        "retry_after": (0, MOST),
        "truncate": (0, MOST),
        "status": (200, 599),
    }
    for name, (least, most) in bounds.items():
        value = getattr(definition, name)
        if value is not None and not (type(value) is int and least <= value <= most):
            yield f"{name} is a whole number from {least} to {most}"
    share = definition.probability
    if type(share) not in (int, float) or not 0 <= share <= 1:
        yield "probability is a number from 0 to 1"


_ANSWERS = ("error", "status", "example")
_EFFECTS = (*_ANSWERS, "delay", "truncate", "disconnect")
_EXCLUDING = (
    *((one, other) for one in _ANSWERS for other in _ANSWERS if one < other),
    *((name, "disconnect") for name in (*_ANSWERS, "truncate")),
    ("operation", "method"),
    ("operation", "path"),
)
"""Pairs of members that a definition cannot both have."""


def _contradictions(definition: FaultDefinition) -> Iterator[str]:
    def given(name: str) -> bool:
        return getattr(definition, name) is not None

    if not any(map(given, _EFFECTS)):
        yield f"define an effect: {', '.join(_EFFECTS[:-1])} or {_EFFECTS[-1]}"
    for one, other in _EXCLUDING:
        if given(one) and given(other):
            yield f"{one} and {other} exclude each other"
    if given("disconnect") and definition.disconnect not in DISCONNECTS:
        yield f"disconnect is one of: {', '.join(DISCONNECTS)}"
    if given("retry_after") and not (given("error") or given("status")):
        yield "retry_after goes with error or status"


_Target = tuple[Api, Operation]
_Names = Callable[[Operation], Iterable[str]]


@dataclass(slots=True)
class _Targets:
    """Finds the operations that a definition can match; adds a problem if there are none."""

    definition: FaultDefinition
    apis: Mapping[str, Api]
    problems: list[str]
    left: list[_Target] = field(default_factory=list)

    def narrowed(self) -> list[_Target]:
        wanted = self.definition
        if wanted.api is not None and wanted.api not in self.apis:
            self.problems.append(unknown("API", wanted.api, self.apis))
            return []
        chosen = self.apis.values() if wanted.api is None else [self.apis[wanted.api]]
        self.left = [(api, operation) for api in chosen for operation in api.operations]
        self._keep("operation", wanted.operation, lambda operation: (operation.id,))
        self._check_method()
        self._check_path()
        self._keep("error kind", wanted.error, _kinds)
        self._keep("example", wanted.example, _examples)
        return self.left

    def _keep(self, what: str, wanted: str | None, names: _Names) -> None:
        """Keep the operations with the given name among `names`."""
        if wanted is None or not self.left:
            return
        kept = [target for target in self.left if wanted in names(target[1])]
        if not kept:
            known = dict.fromkeys(name for target in self.left for name in names(target[1]))
            self.problems.append(unknown(what, wanted, known))
        self.left = kept

    def _check_method(self) -> None:
        wanted = self.definition.method
        if wanted in (None, ANY) or not self.left:
            return
        if wanted not in METHODS:
            self.problems.append(unknown("method", str(wanted), METHODS))
            return
        served = "GET" if wanted == "HEAD" else wanted
        self.left = [target for target in self.left if target[1].method in (served, wanted)]
        if not self.left:
            self.problems.append(f"no operation here has the method {wanted}")

    def _check_path(self) -> None:
        wanted = self.definition.path
        if wanted is None:
            return
        if wrong := wrong_pattern(wanted):
            self.problems.append(wrong)
        elif ANY not in wanted and self.left:
            self._check_plain_path(wanted)

    def _check_plain_path(self, wanted: str) -> None:
        self.problems += unserved_path(wanted, self.left)


def _kinds(operation: Operation) -> Iterable[str]:
    return dict.fromkeys((*(str(kind) for kind in Kind), *operation.errors))


def _examples(operation: Operation) -> Iterable[str]:
    return {
        example.name: None
        for response in operation.responses
        for media in response.media
        for example in media.examples
        if example.name
    }


def unserved_path(wanted: str, operations: Iterable[_Target]) -> Iterator[str]:
    """Yield a message if no operation can be at a path, which is not a pattern with `*`."""
    known = [address for api, item in operations for address in addresses(api, item, item.path)]
    if not any(fits(address, wanted) for address in known):
        hint = near(wanted[:100], known)
        yield f"no operation here is at {wanted[:100]!r}" + (hint and f"; {hint}")


@dataclass(frozen=True, slots=True)
class Installed:
    """A fault of a sandbox, with its counts."""

    id: str
    fault: Fault
    seen: int = 0
    """Number of matching requests."""
    hits: int = 0

    @property
    def remaining(self) -> int | None:
        """Number of remaining hits; None for no maximum."""
        times = self.fault.definition.times
        return None if times is None else times - self.hits

    @property
    def because(self) -> str:
        """The reason of the latest hit, and whether the next matching request is hit."""
        wanted = self.fault.definition
        target = " ".join(
            value for value in (wanted.api, wanted.operation, wanted.method, wanted.path) if value
        )
        count = f"hit {self.hits}" + ("" if wanted.times is None else f" of {wanted.times}")
        drawn = "" if wanted.probability == 1 else f", drawn with probability {wanted.probability}"
        if self.remaining == 0:
            then = "the next one is not hit"
        elif wanted.probability == 1:
            then = "the next one is hit too"
        else:
            then = "the next one is drawn again"
        return f"it is for {target or 'every operation'}; {count}{drawn}; {then}"


class Faults:
    """The faults of a sandbox in the order they were added; the first that hits is applied."""

    __slots__ = ("_apis", "_by_id", "_counters", "_records", "_seed", "active")

    def __init__(self, seed: int, world: Mapping[str, Collection], apis: Mapping[str, Api]) -> None:
        """Read the faults among a sandbox's own records.

        Args:
            seed: The seed of the sandbox.
            world: The collections of the sandbox itself.
            apis: The served APIs.
        """
        self.active: list[Installed] = []
        """The faults with remaining hits."""
        self._by_id: dict[str, Installed] = {}
        self._records, self._counters = world["faults"], world["counters"]
        self._seed, self._apis = seed, apis

    def __iter__(self) -> Iterator[Installed]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, fault_id: str) -> Installed | None:
        """Return the fault with an id, or None."""
        return self._by_id.get(fault_id)

    def refresh(self) -> None:
        """Read the records again, after others than this object wrote them."""
        before, self._by_id = self._by_id, {}
        for record in self._records:
            name = record["id"]
            known = before.get(name)
            definition = FaultDefinition(**record["definition"])
            try:
                is_known = known is not None and known.fault.definition == definition
                fault = known.fault if known and is_known else check_fault(definition, self._apis)
            except FaultError:  # other documents: it matches nothing
                fault = Fault(definition, frozenset())
            self._by_id[name] = Installed(name, fault, record["seen"], record["hits"])
        self._activate()

    def _activate(self) -> None:
        self.active = [item for item in self._by_id.values() if item.remaining != 0]

    def add(self, writes: Transaction, fault: Fault) -> Installed:
        """Add a fault after the others.

        Raises:
            SandboxFullError: If there are already `MOST_FAULTS`.
        """
        if len(self._by_id) >= MOST_FAULTS:
            raise SandboxFullError(f"there are already {MOST_FAULTS} faults; delete one of them")
        last = self._counters.rows.get("faults")
        count = 1 if last is None else last["value"] + 1
        writes.put(self._counters, "faults", {"id": "faults", "value": count})
        installed = Installed(f"f{count}", fault)
        self._write(writes, installed)
        self._activate()
        return installed

    def _write(self, writes: Transaction, item: Installed) -> None:
        definition = asdict(item.fault.definition)
        record = {"id": item.id, "definition": definition, "seen": item.seen, "hits": item.hits}
        writes.put(self._records, item.id, record)
        self._by_id[item.id] = item

    def remove(self, writes: Transaction, fault_id: str) -> bool:
        """Delete a fault; return False if there is none with this id."""
        if self._by_id.pop(fault_id, None) is None:
            return False
        writes.remove(self._records, fault_id)
        self._activate()
        return True

    def clear(self, writes: Transaction) -> None:
        """Delete all faults; their ids are not used again."""
        for fault_id in list(self._by_id):
            self.remove(writes, fault_id)

    def hit(
        self,
        writes: Transaction,
        api: Api,
        operation: Operation,
        method: str,
        values: Sequence[str],
    ) -> Installed | None:
        """Return the fault that hits a request, or None; count the request and the hit.

        Args:
            writes: The transaction of the request.
            api: The API of the request.
            operation: The operation of the request.
            method: The request's own method, which may be HEAD for an operation of GET.
            values: The values of the path parameters, not decoded.
        """
        for item in self.active:
            if not item.fault.fits(api, operation, method, values):
                continue
            counted = replace(item, seen=item.seen + 1)
            wanted = item.fault.definition
            is_hit = counted.seen > wanted.after and self._share(counted) < wanted.probability
            if is_hit:
                counted = replace(counted, hits=counted.hits + 1)
            self._write(writes, counted)
            self._activate()
            if is_hit:
                return counted
        return None

    def _share(self, item: Installed) -> float:
        """Return a number from 0 to 1, the same for the same seed, fault and number of requests."""
        text = f"{self._seed}:{item.id}:{item.seen}".encode()
        return int.from_bytes(blake2b(text, digest_size=6).digest(), "big") / 2**48

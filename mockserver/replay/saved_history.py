"""Read a history that was saved as an HTTP Archive with members `_mockserver`.

`cli/replay_command.py` calls `read_history` with the bytes of a file, and `playing.py` plays the
`SavedHistory`: requests and control calls in the order of their positions. What is no such file is
a `HistoryFileError`: no JSON, no archive, an archive of another program, another version of the
format, or a member that is missing or invalid, with its place. Nothing is played here.
`control/history_members.py` describes the members.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mockserver.base.errors import MockserverError
from mockserver.base.json import JsonValue
from mockserver.base.time import Instant, parse_clock_time
from mockserver.contract.exchange_imports import ImportFileError, read_json_file
from mockserver.control.history_members import VERSION


class HistoryFileError(MockserverError):
    """A file that is not a history which this version can play."""


class _Member(BaseModel):
    """Base of the members that are read; others are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


def _time(text: object) -> Instant:
    if not isinstance(text, str):
        raise ValueError("a time is a text such as 2026-01-31T09:00:00Z")  # noqa: TRY004 - pydantic reports only a ValueError
    return parse_clock_time(text)


_Time = Annotated[Instant, BeforeValidator(_time)]


def _base64(text: object) -> object:
    if isinstance(text, str):
        b64decode(text, validate=True)
    return text


_Base64 = Annotated[str, BeforeValidator(_base64)]
_Count = Annotated[int, Field(ge=0, le=10**11)]


class SavedPair(_Member):
    """A header."""

    name: str
    value: str


class SavedDecision(_Member):
    """A decision about a request."""

    what: str
    sentence: str
    source: str | None = None
    schemes: list[str] = []
    principal: str = ""


class SavedBody(_Member):
    """The body of a request."""

    text: str = ""


class SavedTarget(_Member):
    """The request of an entry."""

    method: str
    url: str
    headers: list[SavedPair]
    postData: SavedBody = SavedBody()  # noqa: N815 - the name in the archive


class SavedContent(_Member):
    """The body of an answer."""

    text: str = ""
    encoding: str = ""

    @model_validator(mode="after")
    def _check(self) -> "SavedContent":
        if self.encoding == "base64":
            _base64(self.text)
        return self


class SavedAnswer(_Member):
    """The answer of an entry."""

    status: int
    headers: list[SavedPair]
    content: SavedContent


class EntryDetails(_Member):
    """The member `_mockserver` of an entry."""

    position: _Count
    sandbox: str
    id: str
    at: _Time
    arrived: _Time
    ids: _Count
    api: str | None = None
    operation: str | None = None
    reason: str | None = None
    trace: list[SavedDecision]
    body: Literal["partial"] | None = None
    base64: _Base64 | None = None
    too_large: bool = False
    cut_at: int | None = None


class SavedEntry(_Member):
    """A request with the answer that it got."""

    time: float = 0
    request: SavedTarget
    response: SavedAnswer
    details: EntryDetails = Field(alias="_mockserver")


class SavedCall(_Member):
    """A call of the control API that was accepted."""

    position: _Count
    arrived: _Time
    sandbox: str
    method: str
    target: str
    text: str = ""


class LogDetails(_Member):
    """The member `_mockserver` of the log."""

    seed: int
    secrets: bool
    options: dict[str, JsonValue] = {}
    settings: dict[str, dict[str, JsonValue]] = {}
    incomplete: str | None = None
    calls: list[SavedCall]


class _Log(_Member):
    entries: list[SavedEntry]
    details: LogDetails = Field(alias="_mockserver")


@dataclass(frozen=True, slots=True)
class SavedHistory:
    """Requests and control calls, in the order in which they were made."""

    details: LogDetails
    steps: Sequence[SavedEntry | SavedCall]


def read_history(content: bytes) -> SavedHistory:
    """Read a history from the content of a file.

    Raises:
        HistoryFileError: If it is not a history that this version can play.
    """
    if not content.strip():
        raise HistoryFileError("the file is empty")
    try:
        archive = read_json_file(content)
    except ImportFileError as error:
        raise HistoryFileError(str(error)) from None
    log = archive.get("log")
    if not isinstance(log, dict) or not isinstance(log.get("entries"), list):
        raise HistoryFileError("this is not an HTTP Archive: it has no log.entries")
    _check_version(log)
    try:
        found = _Log.model_validate(log)
    except ValidationError as error:
        raise HistoryFileError(_first_problem(error)) from None
    steps: list[SavedEntry | SavedCall] = [*found.entries, *found.details.calls]
    return SavedHistory(found.details, sorted(steps, key=_position))


def _check_version(log: dict[str, Any]) -> None:
    details = log.get("_mockserver")
    if not isinstance(details, dict):
        raise HistoryFileError(
            "this HTTP Archive is not from mockserver, or from a version before `replay`; "
            "write one with: mockserver run --save FILE"
        )
    version = details.get("version")
    if version != VERSION:
        raise HistoryFileError(
            f"the file has version {str(version)[:20]} of saved histories; "
            f"this mockserver plays version {VERSION}"
        )


def _first_problem(error: ValidationError) -> str:
    first, *others = error.errors()
    place = "log"
    for key in first["loc"]:
        place += f"[{key}]" if isinstance(key, int) else f".{key}"
    more = f" (and {len(others)} more)" if others else ""
    return f"{place}: {first['msg']}{more}"


def _position(step: SavedEntry | SavedCall) -> int:
    return step.position if isinstance(step, SavedCall) else step.details.position

"""Read the `Prefer` header (RFC 7240) or its twins in the query, and write `Preference-Applied`.

- In: a request; later the answer that was chosen for it. Caller: `pipeline.py`, which also chooses
  the answer, sets its delay and refuses; nothing waits and nothing is raised here.
- Out: `Preferences`; the value of `Preference-Applied`; words about what was not applied; and for
  `--like prism`, the `Violation` by an invalid value or a message on what is not documented.
`code`, `example`, `dynamic` and `seed` are of this server, not of the RFC. `wait` (header only)
delays the answer by so many seconds, up to a minute; in the RFC it is how long a client would wait.
Unknown preferences are ignored, as the RFC requires; invalid values are in `invalid`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from mockserver.base.time import MINUTE, SECOND, ZERO, Duration
from mockserver.engine.documented_answers import DocumentedAnswer, response_for
from mockserver.model.api import Operation
from mockserver.model.messages import Request
from mockserver.model.refusal import Violation

_ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*(?:"|\\?$))+')
"""An element of a comma-separated list; it may contain commas in quotes."""
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PREFERENCE = re.compile(
    rf'\s*(?P<name>{_NAME})\s*(?:=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,;"]*))\s*)?'
    r"(?:;.*)?"
)
_DECIDING = frozenset(("code", "dynamic"))
_QUERY_PREFIX = "__"
LONGEST_WAIT = Duration(MINUTE)
VARY = ("Vary", "Prefer")
CACHED = frozenset(("GET", "HEAD"))
"""Methods whose answers are cached; these vary by `Prefer`, even if the request has none."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences of a request; unknown ones are left out."""

    code: int | None = None
    example: str | None = None
    dynamic: bool | None = None
    seed: int | None = None
    wait: Duration = ZERO
    """How long to delay the answer; `LONGEST_WAIT` at most."""
    invalid: tuple[str, ...] = ()
    """Preferences with invalid values, as `name=value`, shortened."""

    @property
    def is_for_documented(self) -> bool:
        """True if a status or an example of the document is asked for."""
        return self.code is not None or self.example is not None

    @property
    def undecided(self) -> tuple[str, ...]:
        """The invalid values that leave open which answer is asked for."""
        return tuple(item for item in self.invalid if _name_of(item) in _DECIDING)

    def applied(self, found: DocumentedAnswer | None, status: int) -> str:
        """Return the value of `Preference-Applied`; empty if no preference was applied.

        Args:
            found: The documented answer that was used, if any.
            status: The status code of the answer.
        """
        sampled = found is not None and found.sampled
        applied = {
            "code": self.code if self.code == status else None,
            "example": _word(self.example) if self._has_example(found) else None,
            "dynamic": self._dynamic(found),
            "seed": self.seed if sampled else None,
            "wait": self.wait // SECOND or None,
        }
        return ", ".join(f"{name}={value}" for name, value in applied.items() if value is not None)

    def not_applied(self, found: DocumentedAnswer | None, status: int) -> str:
        """Return the end of a sentence about invalid values and a missing example, or ""."""
        parts = [f"; {text} is invalid" for text in self.invalid]
        if self.example is not None and not self._has_example(found):
            parts.append(f"; there is no example {self.example[:100]!r} for status {status}")
        return "".join(parts)

    def _dynamic(self, found: DocumentedAnswer | None) -> str | None:
        """Return the value of `dynamic` if it was applied."""
        is_given = found is not None and (found.sampled or self.dynamic is False)
        return str(self.dynamic).lower() if self.dynamic is not None and is_given else None

    def _has_example(self, found: DocumentedAnswer | None) -> bool:
        return self.example is not None and found is not None and found.example == self.example


def _word(text: str | None) -> str:
    """Return a value as a token, or in quotes if it is not a valid token."""
    text = text or ""
    if re.fullmatch(_NAME, text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


NO_PREFERENCES = Preferences()


def preferences_of(request: Request, *, in_query: bool = False) -> Preferences:
    """Read the known preferences; ignore others (RFC 7240, section 2).

    Args:
        request: The request.
        in_query: Read `__code` and its like from the query if there is no header.
    """
    given: dict[str, str] = {}
    if header := request.headers.get("prefer"):
        for name, value in _given(header):
            given.setdefault(name, value)  # the first of several with one name counts
    elif in_query and _QUERY_PREFIX in request.query:
        given = _given_in_query(request.query)
    return _read(given) if given else NO_PREFERENCES


def _given_in_query(query: str) -> dict[str, str]:
    """Return the values of the parameters by their names without `__`; repeated ones together."""
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.startswith(_QUERY_PREFIX):
            given.setdefault(name.removeprefix(_QUERY_PREFIX), []).append(value)
    given.pop("wait", None)
    return {name: ",".join(values) for name, values in given.items()}


def _read(given: Mapping[str, str]) -> Preferences:
    code, seed, wait = (
        _whole(given.get(name), least, most)
        for name, least, most in (("code", 200, 599), ("seed", 0, 2**63), ("wait", 0, 10**9))
    )
    dynamic = {"true": True, "false": False}.get(given.get("dynamic", "").lower())
    example = given.get("example") or None
    read = {"code": code, "example": example, "dynamic": dynamic, "seed": seed, "wait": wait}
    return Preferences(
        code=code,
        example=example,
        dynamic=dynamic,
        seed=seed,
        wait=Duration(min((wait or 0) * SECOND, LONGEST_WAIT)),
        invalid=tuple(
            _shown(name, given[name]) for name in read if name in given and read[name] is None
        ),
    )


def _name_of(item: str) -> str:
    """Return the name of an invalid preference."""
    return re.split("[= ]", item, maxsplit=1)[0]


def _shown(name: str, value: str) -> str:
    return f"{name}={value[:50]}" if value else f"{name} without a value"


def _given(header: str) -> Iterator[tuple[str, str]]:
    """Yield names in lower case and values; ignore the parameters of preferences."""
    for element in _ELEMENT.findall(header):
        if fits := _PREFERENCE.fullmatch(element):
            quoted = fits["quoted"]
            value = fits["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            yield fits["name"].lower(), value or ""


def invalid_preference(item: str, request: Request) -> Violation:
    """Return the violation by an invalid preference, given as `name=value`."""
    if "prefer" in request.headers:
        return Violation("header", "/Prefer", "format", f"has an invalid preference: {item}")
    pointer = f"/{_QUERY_PREFIX}{_name_of(item)}"
    return Violation("query", pointer, "format", f"is an invalid preference: {item}")


def unmet_preference(operation: Operation, status: int, preferences: Preferences) -> str:
    """Say which status or example is asked for but not documented; "" if all is there."""
    response = response_for(operation, status)
    if response is None:
        return f"the document says nothing about status {status}"
    wanted = preferences.example
    examples = (example.name for media in response.media for example in media.examples)
    if wanted is None or wanted in examples:
        return ""
    return f"there is no example {wanted[:100]!r} for status {status}"


def _whole(text: str | None, least: int, most: int) -> int | None:
    if text is None or not re.fullmatch(r"\d{1,19}", text, re.ASCII):
        return None
    return int(text) if least <= int(text) <= most else None

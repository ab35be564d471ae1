"""Read the `Prefer` header (RFC 7240), and write `Preference-Applied`.

- In: a request; later the answer that was chosen for it.
- Out: `Preferences`, and the value of `Preference-Applied`.
- Callers: `pipeline.py`, which also chooses the answer.

`code`, `example`, `dynamic` and `seed` are not in the RFC; this server defines them. `wait` delays
the answer by this number of seconds, up to a minute; in the RFC it is how long a client is willing
to wait. Unknown preferences are ignored, as the RFC requires. Nothing waits here: `pipeline.py`
sets the delay of the answer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.base.time import MINUTE, SECOND, ZERO, Duration
from mockserver.engine.documented_answers import DocumentedAnswer
from mockserver.model.messages import Request

_ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*(?:"|\\?$))+')
"""An element of a comma-separated list; it may contain commas in quotes."""
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PREFERENCE = re.compile(
    rf'\s*(?P<name>{_NAME})\s*(?:=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,;"]*))\s*)?'
    r"(?:;.*)?"
)
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
    """Known preferences with invalid values, as `name=value`, shortened."""

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


def preferences_of(request: Request) -> Preferences:
    """Read the known preferences; ignore others (RFC 7240, section 2)."""
    header = request.headers.get("prefer")
    if not header:
        return NO_PREFERENCES
    given: dict[str, str] = {}
    for name, value in _given(header):
        given.setdefault(name, value)  # the first of several with one name counts
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


def _shown(name: str, value: str) -> str:
    return f"{name}={value[:50]}" if value else f"{name} without a value"


def _given(header: str) -> Iterator[tuple[str, str]]:
    """Yield names in lower case and values; ignore the parameters of preferences."""
    for element in _ELEMENT.findall(header):
        if fits := _PREFERENCE.fullmatch(element):
            quoted = fits["quoted"]
            value = fits["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            yield fits["name"].lower(), value or ""


def _whole(text: str | None, least: int, most: int) -> int | None:
    if text is None or not re.fullmatch(r"\d{1,19}", text, re.ASCII):
        return None
    return int(text) if least <= int(text) <= most else None

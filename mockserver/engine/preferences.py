"""The `Prefer` header (RFC 7240): what a client asks of one answer."""

import re
from dataclasses import dataclass

from mockserver.clock import MINUTE, SECOND, ZERO, Duration
from mockserver.exchange import Request

_PREFERENCE = re.compile(r'\s*([A-Za-z]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;"]*)))?\s*')
LONGEST_WAIT = Duration(MINUTE)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was asked for and can be given."""

    code: int | None = None
    example: str | None = None
    dynamic: bool | None = None
    seed: int | None = None
    wait: Duration = ZERO

    @property
    def applied(self) -> str:
        """The value of `Preference-Applied`; empty when nothing was asked for."""
        told = {
            "code": self.code,
            "example": self.example,
            "dynamic": None if self.dynamic is None else str(self.dynamic).lower(),
            "seed": self.seed,
            "wait": self.wait // SECOND or None,
        }
        return ", ".join(f"{name}={value}" for name, value in told.items() if value is not None)


NO_PREFERENCES = Preferences()


def preferences_of(request: Request) -> Preferences:
    """Read the preferences this server knows; others are ignored, as the RFC asks."""
    header = request.headers.get("prefer")
    if not header:
        return NO_PREFERENCES
    given: dict[str, str] = {}
    for part in re.split(r"[,;]", header):
        if fits := _PREFERENCE.fullmatch(part):
            given.setdefault(fits[1].lower(), fits[2] or fits[3] or "")
    code = _whole(given.get("code"), 999)
    return Preferences(
        code=code if code is not None and 200 <= code <= 599 else None,  # noqa: PLR2004 - statuses
        example=given.get("example") or None,
        dynamic={"true": True, "false": False}.get(given.get("dynamic", "").lower()),
        seed=_whole(given.get("seed"), 2**63),
        wait=Duration(min((_whole(given.get("wait"), 10**6) or 0) * SECOND, LONGEST_WAIT)),
    )


def _whole(text: str | None, most: int) -> int | None:
    if text is None or not re.fullmatch(r"\d{1,19}", text, re.ASCII):
        return None
    return int(text) if int(text) <= most else None

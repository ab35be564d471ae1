"""The call about what is left of quotas and rate limits, and which cooldowns run."""

from collections.abc import Iterable, Iterator

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.time import format_instant
from mockserver.control.declarations import MOST_SHOWN, Ask, Call, InSandbox, missing
from mockserver.engine.allowances import Allowances

TAG = "Limits"


class QuotaLeft(TypedDict):
    """What a subject has taken from a quota."""

    api: str
    name: str
    subject: str
    used: int
    limit: int | None
    """Null where only a request tells it."""
    left: int | None
    renews: str | None


class RateLeft(TypedDict):
    """What a subject has left of a rate limit."""

    api: str
    name: str
    subject: str
    limit: int
    left: int
    resets_at: str


class CooldownView(TypedDict):
    """A cooldown that runs."""

    api: str
    name: str
    subject: str
    since: str
    until: str


class Limits(TypedDict):
    """How the limits of a sandbox stand."""

    quotas: list[QuotaLeft]
    rate_limits: list[RateLeft]
    cooldowns: list[CooldownView]


class LimitFilter(InSandbox):
    """Whose limits to tell."""

    api: str | None = Field(None, description="Only those of this API.")


def show_limits(ask: Ask[LimitFilter, None]) -> Limits:
    """Tell what the next request would meet; the cooldowns that end first come first."""
    found = list(_allowances(ask))
    cooldowns = sorted(
        ((one.api.name, rest) for one in found for rest in one.cooldowns()),
        key=lambda item: item[1].until,
    )
    return {
        "quotas": [quota for one in found for quota in _quotas(one)][:MOST_SHOWN],
        "rate_limits": [rate for one in found for rate in _rates(one)][:MOST_SHOWN],
        "cooldowns": [
            {
                "api": api,
                "name": rest.name,
                "subject": rest.subject,
                "since": format_instant(rest.since),
                "until": format_instant(rest.until),
            }
            for api, rest in cooldowns[:MOST_SHOWN]
        ],
    }


def _allowances(ask: Ask[LimitFilter, None]) -> Iterator[Allowances]:
    sandbox, wanted = ask.sandbox(), ask.query.api
    now = ask.now(sandbox)
    if wanted is not None and wanted not in ask.engine.apis:
        missing(f"there is no API {wanted!r}", wanted, ask.engine.apis)
    for api in ask.engine.apis.values():
        if wanted in (None, api.name):
            yield Allowances(api, sandbox, now)


def _quotas(allowances: Allowances) -> Iterable[QuotaLeft]:
    for quota in allowances.quotas():
        yield {
            "api": allowances.api.name,
            "name": quota.name,
            "subject": quota.subject,
            "used": quota.used,
            "limit": quota.limit,
            "left": quota.left,
            "renews": None if quota.renews is None else format_instant(quota.renews),
        }


def _rates(allowances: Allowances) -> Iterable[RateLeft]:
    for rate in allowances.rate_limits():
        yield {
            "api": allowances.api.name,
            "name": rate.name,
            "subject": rate.subject,
            "limit": rate.limit,
            "left": rate.left,
            "resets_at": format_instant(rate.resets_at),
        }


_SUBJECT = {"api": "partoo", "name": "sms", "subject": "demo-org"}
_EXAMPLE = {
    "quotas": [
        {**_SUBJECT, "used": 1, "limit": 500, "left": 499, "renews": "2026-04-01T00:00:00Z"}
    ],
    "rate_limits": [
        {
            **_SUBJECT,
            "name": "requests",
            "limit": 300,
            "left": 299,
            "resets_at": "2026-03-10T12:01:00Z",
        }
    ],
    "cooldowns": [
        {
            **_SUBJECT,
            "subject": "+33647385968",
            "since": "2026-03-10T12:00:00Z",
            "until": "2026-03-20T12:00:00Z",
        }
    ],
}
CALLS = (
    Call(
        "GET",
        "/limits",
        "getLimits",
        TAG,
        "Tell what is left of quotas and rate limits, and which cooldowns run",
        show_limits,
        LimitFilter,
        result=Limits,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
)

"""Declare and answer the call for the state of quotas, rate limits and cooldowns.

`control_app.py` adds its `CALLS`. `engine/allowances.py` computes the state as the next request
would find it, for each limit and subject; nothing is counted. If the limit depends on the body of a
request, a quota has null for it, and a rate limit is left out. Cooldowns are those that have not
ended, the first to end first. Each of the three lists is cut off after 1,000 items, without a page;
an unknown API is a 404.
"""

from collections.abc import Iterable, Iterator

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.time import format_instant
from mockserver.control.declarations import (
    MAX_ITEMS,
    Call,
    ControlRequest,
    SandboxQuery,
    raise_not_found,
)
from mockserver.engine.allowances import Allowances

TAG = "Limits"


class QuotaLeft(TypedDict):
    """State of a quota for a subject."""

    api: str
    name: str
    subject: str
    used: int
    limit: int | None
    """Null if it depends on the request."""
    left: int | None
    renews: str | None


class RateLeft(TypedDict):
    """State of a rate limit for a subject."""

    api: str
    name: str
    subject: str
    limit: int
    left: int
    resets_at: str


class CooldownView(TypedDict):
    """A cooldown that has not ended."""

    api: str
    name: str
    subject: str
    since: str
    until: str


class Limits(TypedDict):
    """State of all limits of a sandbox."""

    quotas: list[QuotaLeft]
    rate_limits: list[RateLeft]
    cooldowns: list[CooldownView]


class LimitFilter(SandboxQuery):
    """Which limits to return."""

    api: str | None = Field(None, description="Only limits of this API.")


def show_limits(request: ControlRequest[LimitFilter, None]) -> Limits:
    """Return the limits as the next request would find them; cooldowns in order of their ends."""
    found = list(_allowances(request))
    cooldowns = sorted(
        ((one.api.name, cooldown) for one in found for cooldown in one.cooldowns()),
        key=lambda item: item[1].until,
    )
    return {
        "quotas": [quota for one in found for quota in _quotas(one)][:MAX_ITEMS],
        "rate_limits": [rate for one in found for rate in _rates(one)][:MAX_ITEMS],
        "cooldowns": [
            {
                "api": api,
                "name": cooldown.name,
                "subject": cooldown.subject,
                "since": format_instant(cooldown.since),
                "until": format_instant(cooldown.until),
            }
            for api, cooldown in cooldowns[:MAX_ITEMS]
        ],
    }


def _allowances(request: ControlRequest[LimitFilter, None]) -> Iterator[Allowances]:
    sandbox, wanted = request.sandbox(), request.query.api
    now = request.now(sandbox)
    if wanted is not None and wanted not in request.engine.apis:
        raise_not_found(f"there is no API {wanted[:100]!r}", wanted, request.engine.apis)
    for api in request.engine.apis.values():
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
        "Return the state of quotas, rate limits and cooldowns",
        show_limits,
        LimitFilter,
        result=Limits,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
)

"""Part A: many clients want the last of something, on all workers of two machines at a time."""

import asyncio
import random
import secrets
from collections.abc import Sequence
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.reliability.lean_client import Line, Sent, send, send_all, statuses
from tests.reliability.machines import KEY, Machine, change_settings, invitation

CLIENT = {"client_id": "demo-nudge-client", "client_secret": "demo-nudge-secret"}
CALLBACK = "https://client.example/callback"
NUDGE = "/justanudge/api/oauth/zapier"
STATUS = "/partoo/v2/review_booster/invitation_status?invitation_id="
FORM = {"content-type": "application/x-www-form-urlencoded"}


def _ports(machines: Sequence[Machine]) -> list[int]:
    return [machine.port for machine in machines]


async def exact_quota(machines: Sequence[Machine], quota: int, requests: int) -> float:
    """Fail unless exactly a quota of requests succeeds; return the seconds that they took."""
    name, ports = f"quota-{secrets.token_hex(6)}", _ports(machines)
    await change_settings(ports[0], name, sms_quota=quota)
    loop = asyncio.get_running_loop()
    began = loop.time()
    answers = await send_all(ports, [invitation(number, name) for number in range(requests)])
    taken = loop.time() - began
    expected = {200: min(quota, requests), 403: max(requests - quota, 0)}
    expected = {status: count for status, count in expected.items() if count}
    assert statuses(answers) == expected, (quota, statuses(answers))
    for port in ports:
        found = await send(port, "GET", f"/_mock/messages?sandbox={name}&limit=1")
        assert found.json["total"] == min(quota, requests), found
        assert await _used(port, name) == min(quota, requests)
    for port in ports:
        await send(port, "DELETE", f"/_mock/sandboxes/{name}")
    return taken


async def _used(port: int, name: str) -> int:
    limits = (await send(port, "GET", f"/_mock/limits?sandbox={name}")).json
    (own,) = [
        one for one in limits["quotas"] if (one["api"], one["subject"]) == ("partoo", "demo-org")
    ]
    return int(own["used"])


async def one_cooldown(machines: Sequence[Machine], requests: int = 64) -> None:
    """Fail unless one of several equal invitations succeeds."""
    name = f"cooldown-{secrets.token_hex(6)}"
    answers = await send_all(_ports(machines), [invitation(1, name)] * requests)
    assert statuses(answers) == {200: 1, 400: requests - 1}, statuses(answers)


async def one_code(machines: Sequence[Machine], requests: int = 64) -> None:
    """Fail unless an authorization code, and then a refresh token, can be used once."""
    name, ports = f"code-{secrets.token_hex(6)}", _ports(machines)
    code = await _code(ports[0], name)
    use = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answers = await send_all(ports, [_token(name, use)] * requests)
    assert statuses(answers) == {200: 1, 400: requests - 1}, statuses(answers)


async def one_refresh(machines: Sequence[Machine], requests: int = 64) -> None:
    """Fail unless a refresh token can be used once."""
    name, ports = f"refresh-{secrets.token_hex(6)}", _ports(machines)
    code = await _code(ports[0], name)
    use = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    (tokens,) = await send_all(ports[1:], [_token(name, use)])
    assert tokens is not None
    again = {"grant_type": "refresh_token", "refresh_token": tokens.json["refresh_token"]}
    answers = await send_all(ports, [_token(name, again)] * requests)
    assert statuses(answers) == {200: 1, 400: requests - 1}, statuses(answers)


async def _code(port: int, name: str) -> str:
    query = {
        "client_id": CLIENT["client_id"],
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "mock_decision": "approve",
    }
    answer = await send(port, "GET", f"/~{name}{NUDGE}/authorize?{urlencode(query)}")
    assert answer.status == 302, answer
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def _token(name: str, form: dict[str, str]) -> Sent:
    return Sent("POST", f"/~{name}{NUDGE}/token", urlencode({**CLIENT, **form}).encode(), FORM)


async def seen_at_once(machines: Sequence[Machine], times: int = 200, lines: int = 4) -> None:
    """Fail unless what is written with one machine is read at once with every worker of all."""
    name = f"seen-{secrets.token_hex(6)}"
    first = machines[0]
    writers = [Line(first.port) for _ in range(lines)]
    readers = [Line(machine.port) for machine in machines for _ in range(lines)]
    for number in range(times):
        sent = await random.choice(writers).send(invitation(number, name))  # noqa: S311
        assert sent.status == 200, sent
        own = Sent("GET", f"/~{name}{STATUS}{sent.json['invitation_id']}", headers=KEY)
        call = Sent("GET", f"/_mock/messages?sandbox={name}&limit=1")
        answers = await asyncio.gather(*(line.send(own) for line in readers))
        assert [one.status for one in answers] == [200] * len(readers), answers
        totals = await asyncio.gather(*(line.send(call) for line in readers))
        assert [one.json["total"] for one in totals] == [number + 1] * len(readers)
    for line in (*writers, *readers):
        line.close()

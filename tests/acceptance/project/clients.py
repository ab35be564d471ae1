"""Clients of Partoo as people write them: they know nothing of mockserver."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx
import requests

BUSINESS = "5409c35a97bbc544d8e26737"
PATH = "/review_booster/send_invitation"
NODE = shutil.which("node")


class Outcome(NamedTuple):
    """How an invitation went."""

    ok: bool
    problem: str = ""


class Client(Protocol):
    """What all clients can do."""

    def invite(self, phone: str) -> Outcome:
        """Send an invitation."""
        ...


def outcome(status: int, text: str) -> Outcome:
    """Read an answer."""
    return Outcome(status == httpx.codes.OK, "" if status == httpx.codes.OK else text)


class HttpxClient:
    """With httpx."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._headers = {"x-APIKey": api_key}

    def invite(self, phone: str) -> Outcome:
        """Send an invitation."""
        with httpx.Client(base_url=self._base_url, headers=self._headers) as http:
            reply = http.post(PATH, json={"business_id": BUSINESS, "target_phone": phone})
        return outcome(reply.status_code, reply.text)


class RequestsClient:
    """With requests."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._headers = {"x-APIKey": api_key}

    def invite(self, phone: str) -> Outcome:
        """Send an invitation."""
        with requests.Session() as session:
            reply = session.post(
                self._base_url + PATH,
                headers=self._headers,
                json={"business_id": BUSINESS, "target_phone": phone},
                timeout=10,
            )
        return outcome(reply.status_code, reply.text)


class NodeClient:
    """With Node's fetch, in a process of its own."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._arguments = [base_url + PATH, api_key, BUSINESS]

    def invite(self, phone: str) -> Outcome:
        """Send an invitation."""
        assert NODE is not None
        script = Path(__file__).parent / "invite.mjs"
        done = subprocess.run(  # noqa: S603 - our own script
            [NODE, str(script), *self._arguments, phone],
            capture_output=True,
            text=True,
            check=True,
        )
        reply = json.loads(done.stdout)
        return outcome(reply["status"], reply["text"])


class AsyncClient:
    """With httpx, asynchronously."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._headers = {"x-APIKey": api_key}

    async def invite(self, phone: str) -> Outcome:
        """Send an invitation."""
        async with httpx.AsyncClient(base_url=self._base_url, headers=self._headers) as http:
            reply = await http.post(PATH, json={"business_id": BUSINESS, "target_phone": phone})
        return outcome(reply.status_code, reply.text)

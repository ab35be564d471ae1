"""Give a test one API in one sandbox: base URL, credentials, operations, settings and records.

`sandbox_client.py` makes an `ApiClient` for an item or attribute of a sandbox; users know it as
`Api`. All but the path of `base_url` is read from the control API at each use, so it is never out
of date. `credential`, `api_key`, `token` and `headers` are those of the preferred `Credential`, or
a `LookupError` if there is none. `fail_next` adds a fault of this API for its next request.
Requests to the API itself are sent by the test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack
from urllib.parse import urlsplit

from mockserver.base.credentials import in_sandbox
from mockserver.testing.control_connection import ControlConnection, Json
from mockserver.testing.fault_client import ApiFault, FaultHandle, SandboxFaults
from mockserver.testing.record_client import SandboxRecords
from mockserver.testing.setting_client import Settings


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential from the fixtures of an API."""

    scheme: str
    kind: str
    """apiKey, bearer, basic or oauth2."""
    where: str
    """header, query or cookie."""
    name: str
    """The name of the header, query parameter or cookie."""
    value: str
    """For basic, user and password separated by a colon."""
    presented: str
    """The value of the header, query parameter or cookie."""
    description: str
    sandbox: str

    @property
    def scoped(self) -> str:
        """The value with the name of the sandbox, for clients whose base URL cannot be changed."""
        return in_sandbox(self.kind, self.value, self.sandbox)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that send the credential; empty if it is not sent in a header."""
        return {self.name: self.presented} if self.where == "header" else {}


class ApiClient:
    """An API in one sandbox."""

    def __init__(self, control: ControlConnection, name: str, sandbox: str) -> None:
        self._control = control
        self._sandbox = sandbox
        self.name = name

    @property
    def base_url(self) -> str:
        """The base URL for a client; its path names the sandbox."""
        path = urlsplit(self._control.apis[self.name]["base_url"]).path
        prefix = "" if self._sandbox == "default" else f"/~{self._sandbox}"
        return f"{self._control.origin}{prefix}{path}"

    @property
    def credentials(self) -> Mapping[str, tuple[Credential, ...]]:
        """The credentials by the name of their security scheme; the preferred one comes first."""
        found: dict[str, tuple[Credential, ...]] = {}
        for item in self._details()["credentials"]:
            credential = Credential(**item, sandbox=self._sandbox)
            found[credential.scheme] = (*found.get(credential.scheme, ()), credential)
        return found

    @property
    def credential(self) -> Credential:
        """The preferred credential.

        Raises:
            LookupError: If the API has none.
        """
        return self._first("apiKey", "bearer", "oauth2", "basic")

    @property
    def api_key(self) -> str:
        """The preferred API key.

        Raises:
            LookupError: If the API has none.
        """
        return self._first("apiKey").value

    @property
    def token(self) -> str:
        """The preferred bearer token.

        Raises:
            LookupError: If the API has none.
        """
        return self._first("bearer", "oauth2").value

    @property
    def headers(self) -> dict[str, str]:
        """The headers that send the preferred credential."""
        return self.credential.headers

    @property
    def operations(self) -> Mapping[str, tuple[str, str]]:
        """Method and path of every operation, by operation id."""
        return {
            item["id"]: (item["method"], item["path"]) for item in self._details()["operations"]
        }

    @property
    def settings(self) -> Settings:
        """The settings, which can be changed."""
        return Settings(self._control, self.name, self._sandbox)

    @property
    def records(self) -> SandboxRecords:
        """The records, by collection."""
        return SandboxRecords(self._control, self.name, self._sandbox)

    def fail_next(self, **fault: Unpack[ApiFault]) -> FaultHandle:
        """Make the next request fail, such as by `status=503` or `delay="PT2S"`.

        Args:
            fault: The effect, and optionally `times` for several requests, and `operation`,
                `method` or `path` to select requests.

        Raises:
            ControlCallError: If the fault does not fit the API.
        """
        fault.setdefault("times", 1)
        return SandboxFaults(self._control, self._sandbox).add(**fault, api=self.name)

    def _first(self, *kinds: str) -> Credential:
        available = [item for group in self.credentials.values() for item in group]
        for item in available:
            if item.kind in kinds:
                return item
        schemes = ", ".join(f"{item.scheme} ({item.kind})" for item in available) or "none"
        raise LookupError(f"{self.name} has no credential of this kind; it has: {schemes}")

    def _details(self) -> Json:
        return self._control.call("GET", f"apis/{self.name}", query={"sandbox": self._sandbox})

    def __repr__(self) -> str:
        return f"<{self.name} at {self.base_url}>"

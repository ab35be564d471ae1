"""Give a test the simulated SMS and e-mails of a sandbox, as they are at the time of the call.

`sandbox_client.py` gets their JSON from the control API, reads each with `read_message`, and makes
a `SandboxMessages`, oldest first, as `sandbox.messages`. `sms`, `emails` and `to` select some;
`last` raises `LookupError` if there is none. A status is not updated later: ask the sandbox again.
Nothing is ever sent or changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload

from mockserver.testing.control_connection import Json
from mockserver.testing.time_text import instant_of


@dataclass(frozen=True, slots=True)
class Message:
    """A simulated SMS or e-mail."""

    id: str
    api: str
    operation: str
    """The id of the operation that sent it."""
    request_id: str
    """The journal entry of the request that sent it."""
    channel: str
    """sms or email."""
    to: str
    sender: str | None
    subject: str | None
    text: str
    link: str | None
    created_at: datetime
    send_at: datetime
    status: str
    """scheduled, sent, delivered or failed, at the time of the call."""
    segments: int | None
    """Number of SMS that the text needs; None for an e-mail."""
    data: Json
    """Further data that the API stores with it."""


class SandboxMessages(Sequence[Message]):
    """The messages of a sandbox at the time of the call, oldest first."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._messages = tuple(messages)

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> "SandboxMessages": ...
    def __getitem__(self, index: int | slice) -> "Message | SandboxMessages":
        """Return the message at an index, or the messages of a slice."""
        found = self._messages[index]
        return found if isinstance(found, Message) else SandboxMessages(found)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def sms(self) -> "SandboxMessages":
        """The SMS."""
        return SandboxMessages(message for message in self if message.channel == "sms")

    @property
    def emails(self) -> "SandboxMessages":
        """The e-mails."""
        return SandboxMessages(message for message in self if message.channel == "email")

    def to(self, address: str) -> "SandboxMessages":
        """Return the messages to a phone number or an e-mail address."""
        return SandboxMessages(message for message in self if message.to == address)

    @property
    def last(self) -> Message:
        """The latest message.

        Raises:
            LookupError: If there is none.
        """
        if not self._messages:
            raise LookupError("there is no such message in the sandbox")
        return self._messages[-1]

    def __repr__(self) -> str:
        lines = [f"{item.channel} to {item.to} ({item.status}): {item.text!r}" for item in self]
        return "\n".join([f"<{len(self)} messages>", *lines])


def read_message(given: Json) -> Message:
    """Read a message from the JSON of the control API."""
    return Message(
        id=given["id"],
        api=given["api"],
        operation=given["operation"],
        request_id=given["request_id"],
        channel=given["channel"],
        to=given["to"],
        sender=given["from"],
        subject=given["subject"],
        text=given["text"],
        link=given["link"],
        created_at=instant_of(given["created_at"]),
        send_at=instant_of(given["send_at"]),
        status=given["status"],
        segments=given["segments"],
        data=given["data"],
    )

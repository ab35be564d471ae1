"""The simulated messages of a sandbox, as a test looks at them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload

from mockserver.testing.control_connection import Json
from mockserver.testing.time_text import instant_of


@dataclass(frozen=True, slots=True)
class Message:
    """An SMS or an e-mail that would have been sent."""

    id: str
    api: str
    operation: str
    """Id of the operation that sent it."""
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
    """scheduled, sent, delivered or failed, when it was looked at."""
    segments: int | None
    """How many SMS it takes."""
    data: Json
    """What the API keeps beside it."""


class SandboxMessages(Sequence[Message]):
    """SandboxMessages as they were when asked for, oldest first."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._messages = tuple(messages)

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> "SandboxMessages": ...
    def __getitem__(self, index: int | slice) -> "Message | SandboxMessages":
        """Return one by its place, or several."""
        found = self._messages[index]
        return found if isinstance(found, Message) else SandboxMessages(found)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def sms(self) -> "SandboxMessages":
        """Only the SMS."""
        return SandboxMessages(message for message in self if message.channel == "sms")

    @property
    def emails(self) -> "SandboxMessages":
        """Only the e-mails."""
        return SandboxMessages(message for message in self if message.channel == "email")

    def to(self, address: str) -> "SandboxMessages":
        """Only those to a phone number or an e-mail address."""
        return SandboxMessages(message for message in self if message.to == address)

    @property
    def last(self) -> Message:
        """The latest.

        Raises:
            LookupError: If there is none.
        """
        if not self._messages:
            raise LookupError("there is no such message in the sandbox")
        return self._messages[-1]

    def __repr__(self) -> str:
        lines = [f"{item.channel} to {item.to} ({item.status}): {item.text!r}" for item in self]
        return "\n".join([f"<{len(self)} messages>", *lines])


def read_message(shown: Json) -> Message:
    """Read a message of the control API."""
    return Message(
        id=shown["id"],
        api=shown["api"],
        operation=shown["operation"],
        request_id=shown["request_id"],
        channel=shown["channel"],
        to=shown["to"],
        sender=shown["from"],
        subject=shown["subject"],
        text=shown["text"],
        link=shown["link"],
        created_at=instant_of(shown["created_at"]),
        send_at=instant_of(shown["send_at"]),
        status=shown["status"],
        segments=shown["segments"],
        data=shown["data"],
    )

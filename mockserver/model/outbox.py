"""Compute the status of a simulated message from its record and the time, and when it changes next.

`verbs/send.py` stores the record with its instants and outcome (one of `OUTCOMES`).
`engine/run.py`, for expressions, and `control/api_views.py` call `message_status` with the
sandbox's time; the latter also `next_change`, which returns an instant, or None for a final status.
The status itself is never stored. Nothing is sent anywhere.
"""

from mockserver.base.time import Instant
from mockserver.model.scope import Record

_SCHEDULED = "scheduled"
_SENT = "sent"
DELIVERED = "delivered"
FAILED = "failed"
FAILED_SEND = "failed_send"
OUTCOMES = (DELIVERED, FAILED, FAILED_SEND)


def message_status(message: Record, now: int) -> str:
    """Return the status of a message: scheduled, sent, delivered, failed or failed_send."""
    if now < message["sent_at"]:
        return _SCHEDULED
    outcome: str = message["outcome"]
    if outcome == FAILED_SEND:
        return FAILED_SEND
    return _SENT if now < message["delivered_at"] else outcome


def next_change(message: Record, now: int) -> Instant | None:
    """Return when the status of a message changes next; None if it is final."""
    if now < message["sent_at"]:
        return Instant(message["sent_at"])
    is_over = message["outcome"] == FAILED_SEND or now >= message["delivered_at"]
    return None if is_over else Instant(message["delivered_at"])

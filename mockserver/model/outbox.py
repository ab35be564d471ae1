"""Compute the status of a simulated message from its record and the time, and when it changes next.

`verbs/send.py` stores the record with its instants and outcome; `engine/run.py` and
`control/api_views.py` call the functions with the sandbox's time. The status itself is never
stored. `next_change` returns None for a final status. Nothing is sent anywhere.
"""

from mockserver.base.time import Instant
from mockserver.model.scope import Record

SCHEDULED = "scheduled"
SENT = "sent"
DELIVERED = "delivered"
FAILED = "failed"
FAILED_SEND = "failed_send"
OUTCOMES = (DELIVERED, FAILED, FAILED_SEND)


def message_status(message: Record, now: int) -> str:
    """Return the status of a message: scheduled, sent, delivered, failed or failed_send."""
    if now < message["sent_at"]:
        return SCHEDULED
    outcome: str = message["outcome"]
    if outcome == FAILED_SEND:
        return FAILED_SEND
    return SENT if now < message["delivered_at"] else outcome


def next_change(message: Record, now: int) -> Instant | None:
    """Return when the status of a message changes next; None if it is final."""
    if now < message["sent_at"]:
        return Instant(message["sent_at"])
    is_over = message["outcome"] == FAILED_SEND or now >= message["delivered_at"]
    return None if is_over else Instant(message["delivered_at"])

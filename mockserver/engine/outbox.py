"""Simulated messages: stored once, their status read off the clock."""

from mockserver.exchange import Record

SCHEDULED = "scheduled"
SENT = "sent"
DELIVERED = "delivered"
FAILED = "failed"
FAILED_SEND = "failed_send"
OUTCOMES = (DELIVERED, FAILED, FAILED_SEND)


def message_status(message: Record, now: int) -> str:
    """Tell how far a message has come: scheduled, sent, delivered, failed or failed_send."""
    if now < message["sent_at"]:
        return SCHEDULED
    outcome: str = message["outcome"]
    if outcome == FAILED_SEND:
        return FAILED_SEND
    return SENT if now < message["delivered_at"] else outcome

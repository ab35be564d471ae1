"""The times of a message are inside the calendar, whatever a request asks for."""

from collections.abc import Callable

import pytest

from mockserver.base.time import EARLIEST, LAST
from tests.conftest import World

SAY = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /say:
    post:
      requestBody: {content: {application/json: {schema: {}}}}
      responses: {'200': {description: done}}
      x-mock:
        steps:
          - send: {channel: sms, to: "{{ body.to }}", text: Hello, at: "{{ body.at }}"}
          - respond: {body: {}}
"""


@pytest.mark.parametrize(
    ("at", "sent_at"), [(10**18, LAST), (-(10**18), EARLIEST), (2**70, LAST), (5, 5)]
)
def test_a_message_outside_of_the_calendar_is_sent_at_its_end(
    serve: Callable[..., World], at: int, sent_at: int
) -> None:
    world = serve(SAY)
    body = f'{{"to":"+331","at":{at}}}'.encode()
    world.send("POST", "/say", body, {"content-type": "application/json"})
    [record] = world.records("shop", "messages")
    assert (record["send_at"], record["sent_at"]) == (sent_at, sent_at)

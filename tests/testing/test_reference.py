import re

from mockserver.testing.api import Api
from mockserver.testing.clock import Clock
from mockserver.testing.faults import Definition, Faults
from mockserver.testing.messages import Message, Messages
from mockserver.testing.records import Collection
from mockserver.testing.requests import Exchange, Match, Requests
from mockserver.testing.sandbox import Sandbox
from tests.test_docs import REFERENCE


def test_the_reference_lists_all_that_a_sandbox_in_python_has() -> None:
    section = REFERENCE.read_text().partition("## A sandbox in Python")[2].partition("\n## ")[0]
    for kind in (
        Sandbox,
        Clock,
        Messages,
        Message,
        Requests,
        Exchange,
        Faults,
        Api,
        Collection,
    ):
        for name in vars(kind):
            assert name.startswith("_") or re.search(rf"\b{name}\b", section), (kind, name)
    for name in (*Definition.__annotations__, *Match.__annotations__):
        assert f"`{name}`" in section or f"`{name}=" in section, name

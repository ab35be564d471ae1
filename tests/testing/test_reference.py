import re

from mockserver.testing.api_client import ApiClient
from mockserver.testing.change_client import SeenChange
from mockserver.testing.clock_client import SandboxClock
from mockserver.testing.fault_client import FaultArguments, SandboxFaults
from mockserver.testing.history_client import HistoryConditions, SeenEntry
from mockserver.testing.message_client import Message, SandboxMessages
from mockserver.testing.record_client import CollectionClient
from mockserver.testing.request_client import RequestConditions, SandboxRequests, SeenExchange
from mockserver.testing.sandbox_client import SandboxClient
from tests.docs.test_docs import REFERENCE


def test_the_reference_lists_all_that_a_sandbox_in_python_has() -> None:
    section = REFERENCE.read_text().partition("## Python API")[2].partition("\n## ")[0]
    for kind in (
        SandboxClient,
        SandboxClock,
        SandboxMessages,
        Message,
        SandboxRequests,
        SeenExchange,
        SandboxFaults,
        SeenChange,
        SeenEntry,
        ApiClient,
        CollectionClient,
    ):
        for name in vars(kind):
            assert name.startswith("_") or re.search(rf"\b{name}\b", section), (kind, name)
    conditions = (FaultArguments, RequestConditions, HistoryConditions)
    for name in (name for kind in conditions for name in kind.__annotations__):
        assert f"`{name}`" in section or f"`{name}=" in section, name

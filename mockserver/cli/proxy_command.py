"""`mockserver proxy`: forward requests to a service, validate and record them, until a signal.

It asks the service for its health (any answer will do), and stops if there is none; then it
listens, and prints each exchange with its violations, but no sent value. At the end it prints
totals, and with `--record` writes the masked interactions. Exit codes: 2 if a request got no
answer, or the recording cannot be written; else 1 after a violation, else 0. At the start: 1 if the
address is taken, 2 if arguments or documents are invalid, or the service does not answer.
`contract/proxy.py` forwards and validates.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click
import uvicorn

from mockserver.base.errors import MockserverError
from mockserver.cli import contract_options
from mockserver.cli.document_options import plugin_option
from mockserver.contract.addresses import Addresses
from mockserver.contract.conformance import Contract
from mockserver.contract.masking import Masking
from mockserver.contract.proxy import ProxiedExchange, Proxy
from mockserver.contract.recording import Recorder, public_text
from mockserver.contract.recording_file import RecordingFile
from mockserver.contract.targets import open_client, open_target
from mockserver.model.api import Api
from mockserver.server.listening import bind
from mockserver.server.serving import ReadyServer

if TYPE_CHECKING:
    import httpx

_VIOLATED = 1


@click.command("proxy", short_help="Forward requests to a service; validate and record them.")
@click.argument("api")
@click.option("--upstream", required=True, metavar="URL", help="Base URL of the real service.")
@contract_options.document_option
@plugin_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; with 0, a free port is chosen and printed.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the exchanges as interactions, with secrets masked. They are appended to FILE.part"
    " as they come; at the end they replace FILE.",
)
@contract_options.keep_option
@contract_options.timeout_option
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    api: str,
    upstream: str,
    documents: Sequence[Path],
    plugins: Sequence[str],
    host: str,
    port: int,
    record: Path | None,
    keep: Sequence[str],
    timeout: float,
) -> None:
    """Forward requests of API to a service, and validate requests and answers.

    API is the name of an API, such as partoo. Each violation of its document is printed. The
    proxy runs until it is interrupted (Ctrl+C).

    Exit codes: 0 if all exchanges were as documented, 1 if one was not, 2 if the service did not
    answer a request.
    """
    found = contract_options.find_api(api, documents, plugins)
    service = _service(found, upstream, timeout)
    recording = _recording(found, record, keep) if record is not None else None
    try:
        listener = bind(host, port)
    except OSError as error:
        contract_options.stop(f"cannot listen on {host}:{port}: {error.strerror}", 1)
    import httpx  # noqa: PLC0415 - an optional package; `_service` has reported if it is missing

    client = httpx.AsyncClient(timeout=timeout)
    proxy = asyncio.run(_serve(Contract(found), service, listener, recording, client))
    tally = proxy.tally
    click.echo(f"{tally.exchanges} exchanges, {tally.violating} not as documented")
    if recording is not None:
        _write(recording)
    if tally.failed:
        sys.exit(contract_options.UNUSABLE)
    sys.exit(_VIOLATED if tally.violating else 0)


def _service(api: Api, upstream: str, timeout: float) -> Addresses:
    try:
        with open_client(timeout) as client:
            token = os.environ.get(contract_options.CONTROL_TOKEN)
            return open_target(client, api, upstream, token).addresses
    except MockserverError as error:
        contract_options.stop(str(error))


async def _serve(
    contract: Contract,
    service: Addresses,
    listener: socket.socket,
    recording: RecordingFile | None,
    client: "httpx.AsyncClient",
) -> Proxy:
    """Forward requests until a signal stops the server."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _keep_running)  # uvicorn raises it again after its shutdown
    async with client:
        recorder = recording.recorder if recording is not None else None
        proxy = Proxy(contract, service, client, partial(_print, recording), recorder)
        config = uvicorn.Config(
            proxy,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=2,
        )
        host, port = listener.getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        greeting = f"mockserver forwards http://{name}:{port} to {service.url}"
        await ReadyServer(config, lambda: click.echo(greeting)).serve(sockets=[listener])
    return proxy


def _keep_running(_number: int, _frame: FrameType | None) -> None:
    """Let the process continue, so that it can write the recording."""


def _print(recording: RecordingFile | None, exchange: ProxiedExchange) -> None:
    click.echo("\n".join(exchange.lines()))
    for problem in recording.take_problems() if recording is not None else ():
        click.echo(problem, err=True)


def _recording(api: Api, path: Path, keep: Sequence[str]) -> RecordingFile:
    recording = RecordingFile(Recorder(api, Masking(public_text(api), keep)), path)
    for left in recording.left:
        click.echo(f"{left} is a recording that was cut off; it is kept as it is", err=True)
    return recording


def _write(recording: RecordingFile) -> None:
    record, recorder = recording.path, recording.recorder
    try:
        recording.finish()
    except OSError as error:
        part = f"; what was recorded is in {recording.part}" if recording.part.exists() else ""
        reason = f"{record} cannot be written: {error.strerror}; the file is as it was before"
        contract_options.stop(reason + part)
    count = len(recorder.interactions)
    click.echo(f"{count} interactions written to {record}")
    click.echo(f"Replay them with: mockserver verify … --interactions {record}")
    if recorder.variables:
        names = ", ".join(sorted(set(recorder.variables.values())))
        click.echo(f"To replay them, set these environment variables: {names}")

"""Write the text that is printed when a server starts: addresses, credentials, control API.

`cli/serve_command.py` calls `greeting` with the engine and the URL of the server, and prints what
it returns. For each API it names the base URL and its first demo credential, and what is known of
the API; then how many parts of documents are left out, and where dashboard and control API are. It
prints nothing itself, and fills no sandbox that is served: the credentials are from a new sandbox
with the same seed and settings.
"""

from mockserver.base.problems import left_out
from mockserver.base.time import Instant
from mockserver.control import api_views
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api


def greeting(engine: Engine, origin: str, now: Instant, *, control: bool, store: str = "") -> str:
    """Return the addresses of all APIs with a credential each, in aligned columns.

    Args:
        engine: The engine.
        origin: URL of the server.
        now: The time of the system.
        control: True if the control API is served.
        store: Where sandboxes are kept, in words; empty for in memory.
    """
    # A sandbox of its own: the served one must not get its records before its first request.
    served = engine.sandboxes
    sandbox = Sandboxes(engine.apis, served.seed, served.overrides).get(DEFAULT_SANDBOX, now)
    rows = [_row(api, origin, sandbox) for api in engine.apis.values()]
    width = max((len(row[0]) for row in rows), default=0)
    length = max((len(row[1]) for row in rows), default=0)
    lines = [f"  {name:<{width}}  {url:<{length}}  {key}".rstrip() for name, url, key in rows]
    pages = [f"Dashboard:   {origin}/_mock/"] if control else []
    where = f"{origin}/_mock" if control else "off"
    count = len(engine.apis)
    return "\n".join(
        [
            f"mockserver serves {count} API{'' if count == 1 else 's'} (sandbox {sandbox.name!r}):",
            *lines,
            *(
                f"  {api.recognised.sentence(api.name)}"
                for api in engine.apis.values()
                if api.recognised
            ),
            *_problems_line(engine),
            *pages,
            f"Control API: {where}",
            *([f"Store:       {store}"] if store else []),
        ]
    )


def _problems_line(engine: Engine) -> list[str]:
    """Return a line about the parts of documents that are not served, if there are any."""
    count = sum(left_out(api.problems) for api in engine.apis.values())
    files = " ".join(api.source.file for api in engine.apis.values() if left_out(api.problems))
    if not count:
        return []
    problems = f"{count} problem{'' if count == 1 else 's'}"
    return [f"{problems} in the documents, left out: see `mockserver check {files}`"]


def _row(api: Api, origin: str, sandbox: Sandbox) -> tuple[str, str, str]:
    found = api_views.credentials(api, sandbox)
    demo = found[0] if found else None
    return api.name, api_views.base_url(api, origin), "" if demo is None else _credential_text(demo)


def _credential_text(credential: api_views.CredentialView) -> str:
    """Return the header, query parameter or cookie that carries a credential."""
    where, name, text = credential["where"], credential["name"], credential["presented"]
    if where == "header":
        return f"{'Authorization' if name == 'authorization' else name}: {text}"
    return f"{where} {name}={text}"

"""Answer requests whose path, or whose method of a path, no operation has.

- `no_operation` gets the request and the API that was found for it. It returns the answer to
  OPTIONS (204 with `Allow`, if CORS is on), or raises a `Refusal`: `not_found` or
  `method_not_allowed`, with advice that names the operation which was probably meant.
- `advice_for_path` returns that advice, or ""; also for a path at which no API is served.
- Caller: `pipeline.py`. `path_advice.py` computes advice, and is imported for mistakes only.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.engine import cors
from mockserver.engine.engine_options import Options
from mockserver.engine.routing import MountedApi, RoutedRequest
from mockserver.model.messages import Answer, Request
from mockserver.model.refusal import Kind, Refusal
from mockserver.model.request_paths import split_sandbox


def no_operation(located: RoutedRequest, request: Request, options: Options) -> Answer:
    """Return the answer to OPTIONS of a path.

    Raises:
        Refusal: `not_found` for a path that the API does not have, `method_not_allowed` otherwise.
    """
    mount = located.mount
    path, _ = split_sandbox(request.path)
    if located.match is None:
        advice = advice_for_path({mount.api.name: mount}, path, request, mount.advised)
        raise Refusal(Kind.NOT_FOUND, "the API has no such path", advice=advice)
    allowed = cors.allowed(located.match.methods, options)
    if request.method == "OPTIONS" and options.cors and not options.conventions.exact_methods:
        return Answer(204, [("Allow", allowed)], b"")
    message = f"{request.method[:20]} is not allowed here; {allowed} are"
    advice = advice_for_path({mount.api.name: mount}, path, request, mount.advised)
    raise Refusal(Kind.METHOD_NOT_ALLOWED, message, headers=(("Allow", allowed),), advice=advice)


def advice_for_path(
    mounts: Mapping[str, MountedApi], path: str, request: Request, advised: dict[Any, str]
) -> str:
    """Return the nearest operation and what is wrong with the path; empty if nothing is near.

    Args:
        mounts: The APIs that may be meant, by name.
        path: The path without the prefix of the sandbox.
        request: The request.
        advised: A cache of earlier advice.
    """
    from mockserver.engine.path_advice import path_advice  # noqa: PLC0415 - only mistakes need it

    sandbox = request.path[: len(request.path) - len(path)] if path != "/" else ""
    return path_advice(mounts, path, request.method, sandbox, advised)

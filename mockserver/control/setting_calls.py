"""Declare and answer the calls that show and change the settings of an API in a sandbox.

`control_app.py` adds its `CALLS`. Both return the values of all settings, durations in ISO 8601. A
change names some of them; if one is unknown or invalid, none is changed (422). An unknown API is a
404. Other sandboxes keep their values.
"""

from mockserver.base.errors import SettingsError
from mockserver.base.json import JsonValue
from mockserver.control import api_views
from mockserver.control.declarations import Call, ControlRequest, SandboxQuery
from mockserver.control.problem_responses import ControlError

TAG = "Settings"
Values = dict[str, JsonValue]


def show_settings(request: ControlRequest[SandboxQuery, None]) -> Values:
    """Return the value of every setting."""
    return api_views.settings(request.api(), request.sandbox())


def change_settings(request: ControlRequest[SandboxQuery, Values]) -> Values:
    """Change settings; if one is invalid, none is changed."""
    api, sandbox = request.api(), request.sandbox()
    try:
        sandbox.change_settings(request.writes, api.name, request.body)
    except SettingsError as error:
        raise ControlError(422, str(error)) from None
    return api_views.settings(api, sandbox)


_EXAMPLE = {"requests_per_minute": 3}
CALLS = (
    Call(
        "GET",
        "/settings/{api}",
        "getSettings",
        TAG,
        "Return the value of every setting",
        show_settings,
        result=Values,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
    Call(
        "PATCH",
        "/settings/{api}",
        "changeSettings",
        TAG,
        "Change settings",
        change_settings,
        body=Values,
        changes="settings",
        body_example=_EXAMPLE,
        result=Values,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
)

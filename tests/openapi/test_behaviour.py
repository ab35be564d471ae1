import json
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.openapi.behaviour import EmptyBehaviour
from mockserver.openapi.x_mock import DocumentBehaviour, OperationBehaviour


@pytest.mark.parametrize("model", [DocumentBehaviour, OperationBehaviour])
def test_an_empty_behaviour_has_the_defaults_of_an_empty_block(
    model: type[DocumentBehaviour | OperationBehaviour],
) -> None:
    defaults, empty = model(), EmptyBehaviour()

    for name in model.model_fields:
        default = getattr(defaults, name)
        assert getattr(empty, name) == (() if default == [] else default)


def test_a_document_without_x_mock_is_loaded_without_the_models(tmp_path: Path) -> None:
    answer = {"200": {"description": "done"}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Plain", "version": "1"},
        "paths": {"/a": {"get": {"responses": answer}}},
    }
    (tmp_path / "plain.json").write_text(json.dumps(document))
    program = (
        "import sys; from pathlib import Path; from mockserver.openapi.compiler import load_apis;"
        "print(len(load_apis([Path('plain.json')])), 'pydantic' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["1", "False"]

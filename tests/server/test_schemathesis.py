"""Requests that Schemathesis makes up from the OpenAPI document: no 5xx, and every answer as documented."""

from contextlib import suppress

import pytest
import schemathesis
from fakes import write_known_scenes
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks
from server.conftest import TOKEN, bearer

from core3d_search import plugins
from core3d_search.server.app import create_app
from core3d_search.server.service import Service
from core3d_search.server.settings import ServerSettings

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.ignored_auth,
    checks.unsupported_method,
]
"""All but `positive_data_acceptance`: an empty question fits its schema, and is refused for what it means."""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
        write_known_scenes(folder / "core3d.db")
        settings = ServerSettings(str(folder / "core3d.db"), token=TOKEN, roots=(folder,))
        service = Service(settings, jobs=NoJobs())
        yield create_app(service)
        service.close()


class NoJobs:
    """Jobs of which none is ever there: what runs them has its own tests."""

    def add(self, request):
        from core3d_search.server.problems import ProblemError

        raise ProblemError(404, "there is no such path below the served roots")

    def get(self, job_id):
        from core3d_search.server.problems import ProblemError

        raise ProblemError(404, "no job")

    cancel = get

    def all(self):
        return []

    def close(self):
        pass


QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


def ask_everything(app, examples):
    """Send `examples` requests of each operation that fit its schema, and as many that do not."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers={"Host": "127.0.0.1"})
    asked = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in GenerationMode:

            @settings(max_examples=examples, phases=[Phase.generate], **QUIET)
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case):
                case.call_and_validate(headers=bearer(TOKEN), checks=CHECKS)

            with suppress(Unsatisfiable):  # nothing can be wrong with a request that takes nothing
                send()
            asked.add(operation.label)
    assert len(asked) >= 19


def test_a_few_requests_of_each_kind(app):
    ask_everything(app, 4)


@pytest.mark.slow
def test_many_requests_of_each_kind(app):
    ask_everything(app, 150)

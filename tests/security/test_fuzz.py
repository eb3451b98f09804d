"""A short form of `make fuzz`, and the OpenAPI document checked by an independent client."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.http.bodies import DOCUMENT
from tests.security.fuzz_frames import FrameFuzzer
from tests.security.fuzz_http import OPERATIONS, UNLIMITED, HttpFuzzer
from tests.support.workers import make_settings
from tests.support.world import World, world_with

REQUESTS, FRAMES, CASES = 300, 450, 1
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
QUIET = settings(
    max_examples=CASES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
async def there(database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("fuzz")
    async with world_with(make_settings(database, storage_dir=folder, **UNLIMITED)) as made:
        yield made


@pytest.mark.parametrize("seed", [1])
async def test_no_request_causes_a_500(there: World, seed: int) -> None:
    fuzzer = HttpFuzzer(there.worker.settings, there.worker.port, seed)
    await fuzzer.run(REQUESTS)
    assert fuzzer.counts.total() >= REQUESTS
    assert fuzzer.counts[200] > REQUESTS / 20, "too few valid requests"
    assert len(fuzzer.operations) > len(OPERATIONS) * 0.8


@pytest.mark.parametrize("seed", [2])
async def test_no_frame_crashes_the_service(there: World, seed: int) -> None:
    ana, bo = there.people("ana", "bo")
    chat = await there.job(admin=ana, participant=bo)
    fuzzer = FrameFuzzer(there.worker.settings, there.worker.port, seed, chat["id"], ana.id)
    await fuzzer.run(FRAMES)
    assert fuzzer.counts["ack"] > FRAMES / 50, "too few valid requests"
    assert 1006 not in fuzzer.ends


@pytest.mark.parametrize("operation", list(SCHEMA.get_all_operations()), ids=lambda one: one.ok().label)
async def test_responses_match_the_document(there: World, operation: Any) -> None:
    made: list[schemathesis.Case[Any]] = []

    @QUIET
    @given(operation.ok().as_strategy())
    def make(case: "schemathesis.Case[Any]") -> None:
        made.append(case)

    make()
    ana = there.person("ana")
    with requests.Session() as session:
        for case in made:
            for bearer in (ana.bearer, there.service.bearer):
                headers = {"Authorization": f"Bearer {bearer}"}
                call = partial(case.call, base_url=there.worker.url, session=session, headers=headers)
                case.validate_response(await asyncio.to_thread(call), checks=CHECKS)

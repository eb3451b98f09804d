"""Log levels of parts of the service: set at startup, and changed at run time in all workers."""

import asyncio
import json
import logging
import signal
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from tests.support.processes import serving
from tests.support.workers import make_settings
from tests.support.world import wait_until
from wasgo_chat.core.log_levels import LogLevels, parse


def test_levels_are_read_from_lines_and_lists() -> None:
    text = "wasgo_chat.gateway=debug, wasgo_chat.messages = WARNING\n# nothing\nwasgo_chat=ERROR # all else\n"
    assert parse(text) == {
        "wasgo_chat.gateway": "DEBUG",
        "wasgo_chat.messages": "WARNING",
        "wasgo_chat": "ERROR",
    }


@pytest.mark.parametrize("wrong", ["uvicorn=DEBUG", "wasgo_chatter=INFO", "wasgo_chat=LOUD", "wasgo_chat", "=INFO"])
def test_foreign_loggers_and_unknown_levels_are_rejected(wrong: str, database: str) -> None:
    with pytest.raises(ValueError, match=r"is not a logger|is not one of"):
        parse(wrong)
    with pytest.raises(ValidationError):
        make_settings(database, log_levels=wrong)


def test_an_invalid_file_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "levels"
    part = logging.getLogger("wasgo_chat.of_this_test")
    levels = LogLevels("WARNING", f"{part.name}=ERROR", file)
    try:
        levels.apply()
        assert part.getEffectiveLevel() == logging.ERROR
        file.write_text(f"{part.name}=DEBUG")
        levels.apply()
        assert part.getEffectiveLevel() == logging.DEBUG
        file.write_text(f"{part.name}=DEBUG\nuvicorn=DEBUG")
        levels.apply()
        assert part.getEffectiveLevel() == logging.DEBUG
        file.unlink()
        levels.apply()
        assert part.getEffectiveLevel() == logging.ERROR
    finally:
        part.setLevel(logging.NOTSET)


async def test_all_workers_change_their_levels_on_a_signal(database: str, tmp_path: Path) -> None:
    log, file = tmp_path / "log", tmp_path / "levels"

    def said() -> list[dict[str, str]]:
        return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]

    def logged() -> set[str]:
        return {line["path"] for line in said() if line["event"] == "request"}

    async def changed(times: int) -> None:
        async with asyncio.timeout(20):  # logged by the supervisor and by each of two workers
            while sum(line["event"] == "log_levels_changed" for line in said()) < 3 * times:  # noqa: ASYNC110  polling is the point
                await asyncio.sleep(0.02)

    async with (
        serving(database, log, workers=2, LOG_LEVELS_FILE=str(file)) as served,
        httpx.AsyncClient(base_url=served.url) as client,
    ):
        await client.get("/healthz")
        file.write_text("wasgo_chat.http.request_log=INFO\n")
        served.process.send_signal(signal.SIGUSR2)
        await changed(1)
        await client.get("/readyz")
        await wait_until(lambda: "/readyz" in logged())
        file.write_text("")
        served.process.send_signal(signal.SIGUSR2)
        await changed(2)
        await client.get("/docs")
        assert len(served.workers()) == 2
    assert "/docs" not in logged()

"""Settings with which `serve` does not start: an unusable folder, and origins that no browser sends."""

import pytest

from tests.support.command_line import error_message, run
from tests.support.processes import environment
from wasgo_chat.development.embedded import free_port
from wasgo_chat.settings.config import Settings


@pytest.mark.parametrize("folder", ["/proc/none", "pyproject.toml/attachments"])
def test_serve_does_not_start_without_usable_file_storage(database: str, folder: str) -> None:
    shown = run("serve", "--port", str(free_port()), env=environment(database, STORAGE_DIR=folder))
    assert shown.returncode == 2
    assert f"WASGO_CHAT_STORAGE_DIR is {folder}, which is not writable" in error_message(shown)


NO_ORIGINS = [
    "*", "https://*.app.example", "app.example", "app.example/", "https://app.example/", "https://app.example/chat",
    "https://app.example:", "https://app.example:70000", "https://u@app.example", "null", "https://bücher.example",
]  # fmt: skip


@pytest.mark.parametrize("entry", NO_ORIGINS)
def test_an_invalid_origin_is_rejected(database: str, entry: str) -> None:
    env = environment(database, ALLOWED_ORIGINS=f"https://app.example,{entry}")
    shown = error_message(run("serve", "--port", str(free_port()), env=env))
    assert f"WASGO_CHAT_ALLOWED_ORIGINS (2): {entry} is invalid" in shown
    assert "scheme://host[:port]" in shown


def test_origins_are_normalized_as_browsers_write_them() -> None:
    given = "HTTPS://App.Example, http://a.example:80,https://b.example:443,http://127.0.0.1:8000,http://[::1]:3000"
    settings = Settings.model_validate({"allowed_origins": f"{given},capacitor://localhost"})
    assert settings.allowed_origins == [
        "https://app.example",
        "http://a.example",
        "https://b.example",
        "http://127.0.0.1:8000",
        "http://[::1]:3000",
        "capacitor://localhost",
    ]

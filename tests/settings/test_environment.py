"""Environment variables: secrets in files, and names that are no setting."""

from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.processes import environment
from wasgo_chat.doctor import settings as settings_check
from wasgo_chat.settings.config import SECRET_SETTINGS, Settings, unknown_settings
from wasgo_chat.settings.environment import SecretFileError

SECRET = "a-secret-that-a-file-has-and-is-long-enough"


def test_a_secret_can_be_read_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "JWT_SECRET": f"{SECRET}\n",
        "DATABASE_URL": "postgresql://chat:pass@h/n\r\n",
        "REPLICA_URLS": "postgresql://a/n\npostgresql://b/n\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        monkeypatch.setenv(f"WASGO_CHAT_{name}_FILE", str(tmp_path / name))
    settings = Settings()
    assert settings.jwt_secret is not None
    assert settings.jwt_secret.get_secret_value() == SECRET
    assert settings.database_url == "postgresql://chat:pass@h/n"
    assert settings.replica_urls == ["postgresql://a/n", "postgresql://b/n"]


def test_every_setting_with_credentials_can_be_in_a_file() -> None:
    assert {
        *("database_url", "database_direct_url", "replica_urls", "redis_url", "jwt_secret", "jwt_public_key"),
        *("secret_key", "s3_access_key_id", "s3_secret_access_key", "smtp_url", "vapid_private_key"),
        *("notify_webhook_secret", "metrics_token"),
    } == SECRET_SETTINGS


def test_unusable_files_are_reported_by_name_and_without_their_content(database: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "secret").write_text(SECRET)
    wrong = {
        "nowhere": "which cannot be read: No such file or directory.",
        "empty": "which is empty.",
        "": "which cannot be read: Is a directory.",
        "secret": "Set either WASGO_CHAT_JWT_SECRET or WASGO_CHAT_JWT_SECRET_FILE, not both.",
    }
    for name, reason in wrong.items():
        given = {"JWT_SECRET_FILE": str(tmp_path / name), **({} if name == "secret" else {"JWT_SECRET": ""})}
        shown = run("doctor", env=environment(database, **given))
        assert shown.returncode == 2
        assert reason in shown.stderr
        assert "WASGO_CHAT_JWT_SECRET_FILE" in shown.stderr
        assert SECRET not in shown.stderr
        assert "Traceback" not in shown.stderr


def test_only_secrets_can_be_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "levels").write_text("wasgo_chat=DEBUG")
    monkeypatch.setenv("WASGO_CHAT_LOG_LEVELS_FILE", str(tmp_path / "levels"))
    assert Settings().log_levels == ""
    assert Settings().log_levels_file == tmp_path / "levels"
    monkeypatch.setenv("WASGO_CHAT_SMTP_URL_FILE", "/nonexist")
    with pytest.raises(SecretFileError, match="WASGO_CHAT_SMTP_URL_FILE"):
        Settings()


def test_unknown_variables_are_reported_with_the_setting_that_they_resemble() -> None:
    assert unknown_settings(["WASGO_CHAT_HEARTBEATS", "WASGO_CHAT_TRUSTED_PROXY", "PATH", "WASGO_CHAT_COLOR"]) == {
        "WASGO_CHAT_HEARTBEATS": "WASGO_CHAT_HEARTBEAT_S",
        "WASGO_CHAT_TRUSTED_PROXY": "WASGO_CHAT_TRUSTED_PROXIES",
        "WASGO_CHAT_COLOR": None,
    }
    assert unknown_settings(["WASGO_CHAT_JWT_SECRET_FILE", "WASGO_CHAT_LOG_LEVELS_FILE", "WASGO_CHAT_WEB"]) == {}
    assert unknown_settings(["WASGO_CHAT_MESSAGE_RATE_FILE"]) == {
        "WASGO_CHAT_MESSAGE_RATE_FILE": "WASGO_CHAT_MESSAGE_RATE"
    }


def test_variables_that_kubernetes_sets_for_a_service_are_no_mistake() -> None:
    of_a_service = ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP", "PORT_80_TCP_ADDR"]
    assert unknown_settings(f"WASGO_CHAT_{name}" for name in of_a_service) == {}


def test_commands_and_the_doctor_warn_of_unknown_variables(database: str) -> None:
    env = environment(database, HEARTBEATS="5")
    shown = run("token", "--user", "ana", env=env)
    assert shown.returncode == 0
    assert (
        "WASGO_CHAT_HEARTBEATS is not a setting and has no effect; did you mean WASGO_CHAT_HEARTBEAT_S?" in shown.stderr
    )
    assert "HEARTBEATS is not a setting" in run("doctor", env=env).stdout


def test_a_missing_proxy_setting_behind_tls_is_a_warning() -> None:
    given = Settings(database_url="postgresql://h/n", jwt_secret="x" * 40, public_url="https://chat.example")
    found = [one.what for one in settings_check.check(given, workers=1)]
    assert any("WASGO_CHAT_TRUSTED_PROXIES is empty" in what for what in found)
    named = given.model_copy(update={"trusted_proxies": ["10.0.0.0/8"]})
    assert not any("TRUSTED_PROXIES" in one.what for one in settings_check.check(named, workers=1))

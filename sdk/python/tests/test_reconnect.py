"""What the client does after each close code."""

import pytest

from wasgo_chat_client import reconnect
from wasgo_chat_client.generated.close_codes import CLOSE_CODE_ACTIONS
from wasgo_chat_client.reconnect import ReconnectDecision, reconnect_policy


@pytest.fixture(autouse=True)
def fixed_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "backoff", lambda attempt: 0.5 * 2.0**attempt)


@pytest.mark.parametrize("code", [4400, 4403, 4404])
def test_the_client_does_not_reconnect(code: int) -> None:
    assert reconnect_policy(code, "", 0) == ReconnectDecision("stop")


@pytest.mark.parametrize("code", [1006, 1009, 1012, 1013, 4408])
def test_the_client_reconnects_with_backoff(code: int) -> None:
    assert reconnect_policy(code, "", 0) == ReconnectDecision("reconnect", 0.5)
    assert reconnect_policy(code, "", 3) == ReconnectDecision("reconnect", 4.0)


def test_the_client_gets_a_new_token_after_4401_the_first_time_without_delay() -> None:
    assert reconnect_policy(4401, "the token has expired", 0) == ReconnectDecision("new_token", 0.0)
    assert reconnect_policy(4401, "", 2) == ReconnectDecision("new_token", 2.0)


def test_the_client_waits_for_the_seconds_at_the_end_of_the_reason() -> None:
    assert reconnect_policy(4429, "too fast; retry after 1.2", 0) == ReconnectDecision("reconnect", 1.7)
    assert reconnect_policy(1012, "restarting; retry after 4", 0) == ReconnectDecision("reconnect", 4.5)
    assert reconnect_policy(4429, "", 0) == ReconnectDecision("reconnect", 60.5)


def test_every_documented_close_code_follows_its_documented_action() -> None:
    for code, action in CLOSE_CODE_ACTIONS.items():
        expected = "reconnect" if action == "wait" else action
        assert reconnect_policy(code, "", 0).action == expected

"""Commit listeners: each receives the notices of its types, in order, and none disturbs another."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from wasgo_chat.database.after_commit import CommitListeners


@dataclass(frozen=True)
class _Base:
    number: int


class _Derived(_Base):
    pass


@dataclass(frozen=True)
class _Other:
    number: int


def test_a_listener_receives_its_types_and_their_subclasses_in_commit_order() -> None:
    listeners = CommitListeners()
    received: list[Sequence[object]] = []
    others: list[Sequence[object]] = []
    listeners.add(received.append, _Base)
    listeners.add(others.append, _Other, _Derived)
    listeners.publish([_Base(1), _Other(2), _Derived(3), "a notice without a listener"])
    assert received == [[_Base(1), _Derived(3)]]
    assert others == [[_Other(2), _Derived(3)]]


def test_a_listener_that_fails_is_logged_and_the_others_are_called(caplog: pytest.LogCaptureFixture) -> None:
    listeners = CommitListeners()
    received: list[Sequence[object]] = []

    def fails(_: Sequence[_Base]) -> None:
        raise ValueError("a bug")

    listeners.add(fails, _Base)
    listeners.add(received.append, _Base)
    listeners.publish([_Base(1)])
    assert received == [[_Base(1)]]
    assert "commit_listener_failed" in caplog.text


def test_a_listener_that_is_added_later_is_called_from_then_on() -> None:
    listeners = CommitListeners()
    listeners.publish([_Base(1)])
    received: list[Sequence[object]] = []
    listeners.add(received.append, _Base)
    listeners.publish([_Base(2)])
    assert received == [[_Base(2)]]

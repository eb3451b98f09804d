"""Random sends, deletions, reads, removals and returns: read stays read, and unread counts equal a recount."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.chaos.read_model import USERS, ConversationModel
from tests.support.workers import make_settings
from wasgo_chat.database.session import Database

people = st.sampled_from(USERS)
numbers = st.integers(0, 15)


def test_read_state_matches_the_model(database: str) -> None:
    with asyncio.Runner() as runner:
        db = Database(make_settings(database, database_pool_size=1))

        class Reading(RuleBasedStateMachine):
            """One transaction for each example, which is rolled back."""

            def __init__(self) -> None:
                super().__init__()
                self.tx = db._sessions()
                self.tx.settings = db.settings
                self.life = runner.run(ConversationModel.create(self.tx))
                for number in range(9):  # messages to read, so that few steps suffice
                    runner.run(self.life.send(self.tx, USERS[number % len(USERS)]))

            def do(self, doing: Coroutine[Any, Any, None]) -> None:
                runner.run(doing)

            @rule(who=people)
            def send(self, who: str) -> None:
                self.do(self.life.send(self.tx, who))

            @rule()
            def note(self) -> None:
                self.do(self.life.send_system_message(self.tx))

            @rule(which=numbers)
            def delete(self, which: int) -> None:
                self.do(self.life.delete(self.tx, which))

            @rule(who=people)
            def move(self, who: str) -> None:
                self.do(self.life.toggle_membership(self.tx, who))

            @rule(who=people, which=st.lists(numbers, min_size=1, max_size=5))
            def mark(self, who: str, which: list[int]) -> None:
                self.do(self.life.mark(self.tx, who, which))

            @rule(who=people)
            def mark_all(self, who: str) -> None:
                self.do(self.life.mark_all(self.tx, who))

            @invariant()
            def holds(self) -> None:
                self.do(self.life.check(self.tx))

            def teardown(self) -> None:
                runner.run(self.tx.rollback())
                runner.run(self.tx.close())

        try:
            run_state_machine_as_test(
                Reading,
                settings=settings(
                    max_examples=10, stateful_step_count=20, phases=[Phase.generate], deadline=None,
                    derandomize=True, database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )  # fmt: skip
        finally:
            runner.run(db.close())

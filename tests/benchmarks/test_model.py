"""docs/scaling.md matches the model, and the model gives the expected figures for sizes that are easy to compute."""

from pathlib import Path

import pytest

from benchmarks.model import Costs, Habits, Machines, need, written

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"


def test_the_page_has_the_tables_of_the_model() -> None:
    page = PAGE.read_text()
    assert written(page) == page, "run: make scaling"


def test_the_model_matches_a_size_computed_by_hand() -> None:
    habits = Habits(online_share=0.1, sockets_each=1, messages_a_day=86.4, peak=1, sockets_a_message=2, years_kept=1)
    costs = Costs(
        message_ms=1,
        message_database_ms=0.5,
        delivery_ms=0,
        page_ms=0,
        page_database_ms=0,
        connect_ms=0,
        socket_bytes=0,
        worker_bytes=0,
        message_bytes=1000,
    )
    one = need(1_000_000, habits, costs, Machines(fill=0.5, sockets_a_worker=50_000, batches_a_worker=10))
    assert (one.sockets, one.messages_s, one.deliveries_s) == pytest.approx((100_000, 1000, 2000))
    assert (
        one.workers == 3
    )  # one core for messages and their deliveries, each at half load, and memory of sockets for two
    assert one.database_cores == pytest.approx(0.5)
    assert one.stored_tb == pytest.approx(1_000_000 * 86.4 * 365 * 1000 / 1e12)
    assert one.control_s == pytest.approx(10 * 3 * 2)


def test_the_cost_of_fan_out_grows_faster_than_any_other() -> None:
    small, large = (need(users, Habits(), Costs.measured(), Machines()) for users in (1_000_000, 10_000_000))
    assert large.control_s / small.control_s > 20
    assert large.sockets / small.sockets == pytest.approx(10)

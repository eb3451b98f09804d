"""Every kind of fault once, while clients send: a short form of `make chaos`."""

import gc
import tempfile
from pathlib import Path

import pytest

from tests.chaos.report import summary
from tests.chaos.run import ChaosRun
from tests.chaos.shared_state import Scale

SHORT = Scale(conversations=2, senders=3, rate=50.0, max_fault_s=0.8)
ONCE = (
    "cut a client", "remove and add a member", "kill a worker", "cut before the ack", "terminate a backend",
    "stop a worker", "kill Redis clients", "restart Redis", "cut at a later frame", "restart PostgreSQL immediately",
    "remove and add a member", "client does not read", "stop Redis", "hold a conversation's row", "flush Redis",
    "terminate all backends", "restart PostgreSQL fast", "all at once",
)  # fmt: skip


# A client that is disconnected in its handshake leaves its transport to the garbage collector, because `connect` of
# websockets has nothing to close yet.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
async def test_nothing_is_lost_doubled_or_reordered_whatever_fails() -> None:
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-chaos-") as folder:
        run = ChaosRun(Path(folder), SHORT, seed=1, durable=False, serves=1)

        async def strike() -> None:
            for kind in ONCE:
                await run.faults.inject(kind)

        try:
            await run.prepare()
            await run.run_while(strike)
            outcome = await run.finish()
            assert not outcome.violations, summary(outcome)
        finally:
            await run.close()
            gc.collect()  # while the warning is ignored
    assert run.shared.acked > 100
    assert {session.close for session in run.shared.history.sessions} >= {None, 4403}

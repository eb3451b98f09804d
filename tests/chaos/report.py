"""The output of a chaos run: progress lines, and a summary at the end."""

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.faults import Faults
from tests.chaos.shared_state import SharedState

MAX_SHOWN, SHOWN_CHARS = 10, 200


@dataclass(frozen=True)
class Outcome:
    """A finished run, with the violations by rule."""

    crowd: SharedState
    faults: Faults
    violations: dict[str, list[str]]
    logs: list[Path]
    seconds: float


def progress(crowd: SharedState, faults: Faults, seconds: float, told: int) -> int:
    """Print one line, and the unexpected findings after the first `told`; returns their new number."""
    sys.stdout.write(
        f"{seconds:6.0f} s  acked {crowd.acked:7}  deliveries {len(crowd.delays):8}"
        f"  faults {faults.counts.total():5}  odd {len(crowd.history.unexpected)}\n"
    )
    for oddity in crowd.history.unexpected[told:]:
        sys.stdout.write(f"        {oddity[:300]}\n")
    sys.stdout.flush()
    return len(crowd.history.unexpected)


def summary(outcome: Outcome) -> str:
    """The summary of a run."""
    crowd, history = outcome.crowd, outcome.crowd.history
    outcomes = Counter(send.outcome for send in history.sends)
    delays = sorted(crowd.delays)
    lines = [
        "",
        f"{outcome.seconds:.0f} s, {crowd.acked} messages acked, {outcomes['unknown']} unknown, "
        f"{outcomes['refused']} refused, {len(delays)} deliveries, {len(history.sessions)} connections with a hello",
        f"{len(history.changes)} edits and deletions, {len(history.marked)} readings, {len(history.last_reads)} "
        f"observations of last_read_seq, {len(history.conflicts)} client_ids with other content",
        "",
        f"{'fault':32} {'times':>6}  recovery p50      max (s)",
    ]
    for kind in [*sorted(outcome.faults.counts), "(none)"]:
        took = sorted(outcome.faults.recovery.get(kind, []))
        times = outcome.faults.counts[kind] or ""
        figures = f"{_at(took, 0.5):12.2f} {took[-1]:8.2f}" if took else ""
        lines.append(f"{kind:32} {times:>6}  {figures}")
    lines += [
        f"{'all':32} {outcome.faults.counts.total():>6}",
        "",
        f"delivery delay: p50 {_at(delays, 0.5):.3f} s, p99 {_at(delays, 0.99):.3f} s, max {_at(delays, 1.0):.3f} s",
        f"closes: {', '.join(f'{code} {count}' for code, count in sorted(crowd.closes.items()))}",
    ]
    said = logged(outcome.logs).most_common()
    said.sort(key=lambda entry: entry[0].startswith("warning"))  # errors first
    lines += [f"logged: {count} × {event}" for event, count in said[:MAX_SHOWN]]
    lines.append("")
    for kind in ("lost", "doubled", "reordered", "gaps", "unseen"):
        lines.append(f"{kind} {len(outcome.violations.get(kind, []))}")
    for rule, sentences in outcome.violations.items():
        lines.append(f"BROKEN {rule}: {len(sentences)}")
        lines += [f"    {sentence[:300]}" for sentence in sentences[:MAX_SHOWN]]
    return "\n".join(lines) + "\n"


def logged(logs: list[Path]) -> Counter[str]:
    """The number of warnings and errors in the service's logs, by text."""
    found: Counter[str] = Counter()
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                raised = [f"{one['exc_type']}: {one['exc_value']}" for one in entry.get("exception", [])][:1]
                said = [entry["level"], entry["event"], entry.get("error", ""), *raised]
                found[" ".join(said)[:SHOWN_CHARS]] += 1
            except (ValueError, KeyError, TypeError, AttributeError):
                found[line[:SHOWN_CHARS]] += 1
    return found


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

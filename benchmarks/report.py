"""Formats a run as plain text, as JSON, and as the tables of docs/performance.md (between its markers).

`python -m benchmarks.report RESULTS.json` prints the tables; `make bench-report` writes those of `measured.json`, the
last full run, into the page.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.run import Entry
from benchmarks.targets import Target, judge

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = {
    "ceiling": "Limit of the load generator",
    "startup": "Start-up",
    "fanout": "Fan-out: one conversation, four senders (CPU ms per 1,000 deliveries)",
    "lone": "Lone messages: 500 pairs, 500 messages a second (CPU ms per 1,000 messages)",
    "rooms": "Rooms: 500 pairs (CPU ms per 1,000 messages)",
    "history": "History: the last 50 messages (CPU ms per page)",
    "connect": "Connect: handshake to greeting (CPU ms per socket)",
    "inserts": "asyncpg alone (CPU ms per 1,000 messages; `server` is the client process)",
}
_HIDDEN = {"closed", "refused", "missing", "statuses", "tries"}


def tables(entries: Sequence[Entry]) -> list[tuple[str, list[list[str]]]]:
    """A title and rows for each scenario; the first row is the header."""
    result = []
    for scenario, title in TITLES.items():
        selected = [entry for entry in entries if entry.scenario == scenario]
        names = [name for name in dict.fromkeys(name for entry in selected for name in entry.values)
                 if name not in _HIDDEN or any(entry.values.get(name) for entry in selected)]  # fmt: skip
        names = [name for name in names if any(entry.values.get(name) is not None for entry in selected)]
        rows = [["case", "who", "workers", *(name.replace("_", " ") for name in names)]]
        for entry in selected:
            rows.append([entry.case, entry.who, str(entry.workers), *(_cell(entry.values.get(n)) for n in names)])
        if selected:
            result.append((title, rows))
    return result


def target_rows(targets: Sequence[Target]) -> list[list[str]]:
    """The targets as rows; the first row is the header."""
    rows = [["target", "wanted", "reached", ""]]
    for target in targets:
        sign = "at most" if target.at_most else "at least"
        reached = "-" if target.reached is None else f"{_cell(target.reached)} {target.unit}"
        rows.append([target.name, f"{sign} {target.bound:g} {target.unit}", reached, target.verdict])
    return rows


def as_text(entries: Sequence[Entry]) -> str:
    """All tables, in aligned columns."""
    parts = [f"{title}\n{_columns(rows)}" for title, rows in tables(entries)]
    for workers in sorted({entry.workers for entry in entries if entry.who == "service"}):
        heading = f"Targets, {workers} worker{'s' if workers > 1 else ''}"
        parts.append(f"{heading}\n{_columns(target_rows(judge(entries, workers)))}")
    return "\n\n".join(parts)


def as_markdown(result: dict[str, Any]) -> str:
    """The generated section of docs/performance.md."""
    entries = [Entry(**entry) for entry in result["measured"]]
    machine = result["machine"]
    parts = [
        f"Measured on {result['date']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_mib']:,} MiB, {machine['system']}, Python {machine['python']}; load before the run "
        f"{machine['load_before']:.2f}; {result['rounds']} rounds; {result['seconds']:.0f} seconds in total.",
        f"### Targets\n\n{_markdown(target_rows(judge(entries, 1)))}",
    ]
    parts += [f"### {title}\n\n{_markdown(rows)}" for title, rows in tables(entries)]
    return "\n\n".join(parts)


def write_into(page: Path, result: dict[str, Any]) -> None:
    """Replace the text between the markers."""
    text = page.read_text(encoding="utf-8")
    block = f"{BEGIN}\n{as_markdown(result)}\n{END}"
    page.write_text(re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: block, text, flags=re.DOTALL), "utf-8")


def _columns(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)  # fmt: skip


def _markdown(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    """Write the tables of a run into a page, or print them as Markdown."""
    result = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if len(sys.argv) > 2:
        write_into(Path(sys.argv[2]), result)
    else:
        print(as_markdown(result))


if __name__ == "__main__":
    main()

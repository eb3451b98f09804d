"""The results of a run, as a table and as JSON."""

from collections.abc import Iterable
from typing import Any

from tests.attack.runner import Result
from tests.attack.victims import Experience

HEADER = (
    f"{'attack':36} {'sent':>8} {'answers':>9} {'client':>7} {'workers':>8} {'PG':>6} {'growth':>7} "
    f"{'before':>11} {'during':>19} {'after':>6} {'refused':>8} {'others':>6}  damage\n"
    f"{'':36} {'MB':>8} {'MB':>9} {'CPU s':>7} {'CPU s':>8} {'CPU s':>6} {'MB':>7} "
    f"{'p50/p99 ms':>11} {'p50/p99/worst ms':>19} {'p99':>6} {'':>8} {'cores':>6}"
)


def row(result: Result) -> str:
    """One line of the table."""
    did, cost = result.did, result.cost
    before, during, after = result.before, result.during, result.after
    state = "; ".join(result.violations)[:400] or "none"
    return (
        f"{result.attack.name:36} {did['sent'] / 1e6:8.2f} {did['received'] / 1e6:9.2f} {did['client_cpu_s']:7.2f} "
        f"{cost.workers_cpu_s:8.2f} {cost.database_cpu_s:6.2f} {cost.growth_mb:7.0f} "
        f"{_ms(before, 0.5, 0.99):>11} {_ms(during, 0.5, 0.99, 1.0):>19} {_ms(after, 0.99):>6} "
        f"{refusals(did['answers']):8} {result.other_cores:6.2f}  {state}"
    )


def refusals(answers: dict[str, int]) -> int:
    """How many answers are refusals: 4xx responses, error frames, and sockets that the service closed."""
    return sum(count for answer, count in answers.items() if answer.startswith(("4", "error", "close")))


def _ms(experience: Experience, *shares: float) -> str:
    return "/".join(f"{experience.worst(share) * 1000:.0f}" for share in shares)


def as_json(results: Iterable[Result]) -> list[dict[str, Any]]:
    """All of the results."""
    return [
        {
            "attack": result.attack.name,
            "kind": result.attack.kind,
            "sends": result.attack.sends,
            "violations": result.violations,
            **{name: value for name, value in result.did.items() if name != "violations"},
            "workers_cpu_s": result.cost.workers_cpu_s,
            "database_cpu_s": result.cost.database_cpu_s,
            "memory_before_mb": result.cost.memory_before_mb,
            "growth_mb": result.cost.growth_mb,
            "workers_killed": result.cost.killed,
            "errors": dict(result.cost.errors),
            "warnings": dict(result.cost.warnings),
            "settled_s": result.settled_s,
            "refused": refusals(result.did["answers"]),
            "other_programs_cores": result.other_cores,
            **{
                name: {
                    "damage": dict(period.damage),
                    "machine_lag_p99_s": period.lag_s,
                    **{
                        operation: {
                            "count": len(values),
                            "p50_s": period.quantile(operation, 0.5),
                            "p99_s": period.quantile(operation, 0.99),
                            "worst_s": max(values, default=0.0),
                        }
                        for operation, values in period.seconds.items()
                    },
                }
                for name, period in (("before", result.before), ("during", result.during), ("after", result.after))
            },
        }
        for result in results
    ]

"""Runs all checks and formats their findings."""

import asyncio
import json
from collections.abc import Awaitable, Sequence
from dataclasses import asdict

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.data_import import invariants
from wasgo_chat.database.session import Database
from wasgo_chat.doctor import database, epoch, feed, mail, redis, settings, storage, token_issuer
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.feature_registry import running_consumers
from wasgo_chat.settings.config import Settings

DEEP_TIMEOUT_S = 3_600.0
_LABELS = {"ok": "ok     ", "warning": "WARNING", "error": "ERROR  "}


async def run_checks(config: Settings, *, workers: int, deep: bool, new_epoch: bool = False) -> list[Finding]:
    """Run all checks concurrently; `deep` also verifies all logs, `new_epoch` begins an epoch before the checks."""
    begun = await run_safely("epoch", epoch.begin(config)) if new_epoch else []
    results = await asyncio.gather(
        run_safely("database", database.check(config, workers=workers)),
        run_safely("replicas", database.check_replicas(config)),
        run_safely("feed", feed.check(config, [consumer.name for consumer in running_consumers(config)])),
        run_safely("redis", redis.check(config)),
        run_safely("store", storage.check(config)),
        run_safely("scanner", storage.check_scanner(config)),
        run_safely("tokens", token_issuer.check(config)),
        run_safely("mail", mail.check(config)),
    )
    findings = [
        *begun,
        *settings.check(config, workers=workers),
        *(finding for result in results for finding in result),
    ]
    return [*findings, *await check_logs(config)] if deep else findings


async def run_safely(name: str, check: Awaitable[list[Finding]]) -> list[Finding]:
    """Run a check. An unexpected exception becomes a finding, so other checks still run."""
    try:
        return await check
    except Exception as error:
        area = Area(name)
        area.error(
            f"The check failed unexpectedly: {type(error).__name__}.",
            "Check the connection manually, and report this as a bug.",
        )
        return area.findings


async def check_logs(config: Settings) -> list[Finding]:
    """Verify the invariants of all conversation logs."""
    area = Area("logs")
    db = Database(config.model_copy(update={"statement_timeout_s": DEEP_TIMEOUT_S}))
    try:
        for violation in await invariants.check_invariants(db):
            examples = ", ".join(violation.conversations)
            area.error(
                f"Violated in {violation.count} conversations: {violation.rule} ({examples}, …).",
                "Find out what modified the database directly, or restore a backup: see docs/backup.md.",
            )
    except Unavailable:
        area.error("The logs cannot be read.", "Fix the database first.")
    except Exception as error:
        area.error(f"The logs cannot be read: {type(error).__name__}.", "Fix the database first.")
    finally:
        await db.close()
    if not area.findings:
        area.ok("All conversation logs are consistent.")
    return area.findings


def exit_code(findings: Sequence[Finding]) -> int:
    """1 if there are errors, else 0. Warnings do not count."""
    return int(any(finding.level == "error" for finding in findings))


def as_text(findings: Sequence[Finding]) -> str:
    """The findings as text, with remedies."""
    lines = []
    for finding in findings:
        lines.append(f"{_LABELS[finding.level]} {finding.area}: {finding.what}")
        if finding.remedy:
            lines.append(f"{'':8}→ {finding.remedy}")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """The findings as JSON."""
    document = {"ok": not exit_code(findings), "findings": [asdict(finding) for finding in findings]}
    return json.dumps(document, ensure_ascii=False, indent=2)

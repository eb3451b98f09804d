"""All checks, and what is said of them."""

import asyncio
import json
from collections.abc import Awaitable, Sequence
from dataclasses import asdict

from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.data_import import invariants
from wasgo_chat.database.session import Database
from wasgo_chat.doctor import database, mail, redis, settings, storage, token_issuer
from wasgo_chat.doctor.findings import Area, Finding

LONGEST_READ_S = 3_600.0
_SIGNS = {"ok": "ok     ", "warning": "WARNING", "error": "ERROR  "}


async def run_checks(given: Settings, *, workers: int, deep: bool) -> list[Finding]:
    """Every check, beside each other; `deep` reads every log as well."""
    found = await asyncio.gather(
        run_safely("database", database.check(given, workers=workers)),
        run_safely("replicas", database.check_replicas(given)),
        run_safely("redis", redis.check(given)),
        run_safely("store", storage.check(given)),
        run_safely("scanner", storage.check_scanner(given)),
        run_safely("tokens", token_issuer.check(given)),
        run_safely("mail", mail.check(given)),
    )
    findings = [*settings.check(given, workers=workers), *(finding for one in found for finding in one)]
    return [*findings, *await check_logs(given)] if deep else findings


async def run_safely(name: str, check: Awaitable[list[Finding]]) -> list[Finding]:
    """What a check finds; that it failed is a finding too, and takes nothing from the others."""
    try:
        return await check
    except Exception as error:
        area = Area(name)
        area.error(
            f"It could not be looked at: {type(error).__name__}.",
            "The doctor did not expect that: try what the service needs of it by hand, and report it.",
        )
        return area.findings


async def check_logs(given: Settings) -> list[Finding]:
    """Whether everything holds that must of every conversation's log."""
    area = Area("logs")
    db = Database(given.model_copy(update={"statement_timeout_s": LONGEST_READ_S}))
    try:
        for fault in await invariants.check_invariants(db):
            area.error(
                f"Not so in {fault.count} conversations: {fault.rule} ({', '.join(fault.conversations)}, …).",
                "Find out what wrote past the service, or restore a backup: see docs/backup.md.",
            )
    except Unavailable:
        area.error("They cannot be read.", "Mend the database first.")
    except Exception as error:
        area.error(f"They cannot be read: {type(error).__name__}.", "Mend the database first.")
    finally:
        await db.close()
    if not area.findings:
        area.ok("Every conversation's log is whole.")
    return area.findings


def exit_code(findings: Sequence[Finding]) -> int:
    """1 where something must be mended; warnings are none."""
    return int(any(finding.level == "error" for finding in findings))


def as_text(findings: Sequence[Finding]) -> str:
    """For a person."""
    lines = []
    for finding in findings:
        lines.append(f"{_SIGNS[finding.level]} {finding.area}: {finding.what}")
        if finding.remedy:
            lines.append(f"{'':8}→ {finding.remedy}")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """For a program."""
    document = {"ok": not exit_code(findings), "findings": [asdict(finding) for finding in findings]}
    return json.dumps(document, ensure_ascii=False, indent=2)

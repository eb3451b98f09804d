"""The session parameters of the service's connections, and how a transaction-mode pooler gets them.

A direct connection sets them once, when it connects, and uses prepared statements. Behind a pooler in transaction mode,
such as PgBouncer, each transaction may run on another server connection. So every transaction sets its own parameters,
in the message that begins it, and statements are parsed each time that they are executed.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from wasgo_chat.settings.config import Settings

APPLICATION_NAME = "wasgo-chat"
# Poolers keep track of these for each client; they reject or ignore other parameters of a startup message.
_TRACKED_PARAMETERS = {"application_name": APPLICATION_NAME, "TimeZone": "UTC"}

# Statements by key access rows by their keys only, so one plan fits all parameters. By default, PostgreSQL would plan
# again for each single message or page, which takes longer than the execution. A plan made while the tables were small
# must not scan them once they are large.
_GENERIC_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

_EFFECTIVE = "SELECT name, setting FROM pg_settings WHERE name = ANY(:names)"


def session_parameters(settings: Settings, *, generic_plans: bool = False) -> dict[str, str]:
    """The parameters that every transaction of the service relies on. Times are in milliseconds."""
    return {
        "jit": "off",  # compilation takes longer than any query of the service
        "statement_timeout": str(int(settings.statement_timeout_s * 1000)),
        "lock_timeout": str(int(settings.lock_timeout_s * 1000)),
        "idle_in_transaction_session_timeout": "15000",
        **(_GENERIC_PLANS if generic_plans else {}),
    }


def driver_options(settings: Settings, *, generic_plans: bool = False) -> dict[str, Any]:
    """Options of SQLAlchemy's asyncpg dialect: session parameters, and whether statements are prepared."""
    parameters = session_parameters(settings, generic_plans=generic_plans)
    if not settings.database_pooler:
        return {"server_settings": {**_TRACKED_PARAMETERS, **parameters}}
    return {
        "server_settings": _TRACKED_PARAMETERS,
        **unprepared(settings),
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": _unnamed,
    }


def unprepared(settings: Settings) -> dict[str, Any]:
    """Options of `asyncpg.connect` behind a pooler: the driver then parses and executes in the same message."""
    return {"statement_cache_size": 0} if settings.database_pooler else {}


def begin_suffix(settings: Settings, *, generic_plans: bool = False) -> str:
    """SQL that follows BEGIN in the same message; empty without a pooler."""
    if not settings.database_pooler:
        return ""
    parameters = session_parameters(settings, generic_plans=generic_plans)
    return "".join(f"; SET LOCAL {name} = '{value}'" for name, value in parameters.items())


async def ineffective_parameters(tx: AsyncSession, expected: Mapping[str, str]) -> dict[str, str]:
    """The parameters that have another value in this transaction than expected, with that value."""
    rows = await tx.execute(text(_EFFECTIVE), {"names": list(expected)})
    return {name: value for name, value in rows.all() if value != expected[name]}


def _unnamed() -> str:
    return ""

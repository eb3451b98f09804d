"""The command line `wasgo-chat`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from wasgo_chat.cli_consumers import consumers
from wasgo_chat.cli_documents import documents
from wasgo_chat.core import gc_tuning, optional_imports
from wasgo_chat.settings.config import CannotStart, Settings, unknown_settings
from wasgo_chat.settings.environment import SecretFileError

app = typer.Typer(
    name="wasgo-chat",
    help="wasgo-chat is the chat service of a marketplace. Settings are read from WASGO_CHAT_* environment variables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    data: Annotated[Path, typer.Option(help="Directory for the database and attachments.")] = Path(".data"),
) -> None:
    """Run a development server with an embedded PostgreSQL, demo users and tokens.

    No other software needs to be installed. The server accepts tokens signed
    with the public development key, so it listens on loopback addresses only.
    Data is kept in --data.
    """
    with gc_tuning.gc_paused():
        from wasgo_chat.development import run

    run.run(host=host, port=port, data=data)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[
        int, typer.Option(help="Number of worker processes. More than one requires Redis.", min=1, max=64)
    ] = 1,
    fd: Annotated[
        int | None,
        typer.Option(help="File descriptor of a listening socket to use instead of --host and --port.", min=0),
    ] = None,
) -> None:
    """Run the service in production.

    The server does not start if a setting is missing or unsafe, or if the
    database is not migrated.

    Signals: SIGTERM drains connections and exits, a second SIGTERM exits
    immediately; SIGHUP restarts the workers one by one; SIGUSR2 reloads
    WASGO_CHAT_LOG_LEVELS_FILE.
    """
    with gc_tuning.gc_paused(), optional_imports.blocked("rich"):  # structlog's tracebacks for terminals
        from wasgo_chat.core.log_levels import LogLevels
        from wasgo_chat.server import run
        from wasgo_chat.telemetry.logging import configure_logging

    settings = Settings()
    levels = LogLevels(settings.log_level, settings.log_levels, settings.log_levels_file)
    configure_logging(levels, as_json=True)
    run.preflight_checks(settings, workers=workers)
    sys.exit(run.serve(settings, run.bind(settings, host, port, fd), workers=workers, levels=levels))


@app.command()
def migrate(
    revision: Annotated[
        str | None, typer.Option(help="Target revision; default: the newest. `base` drops all tables.")
    ] = None,
    down: Annotated[bool, typer.Option("--down", help="Downgrade to --revision instead of upgrading.")] = False,
    lock_wait: Annotated[
        float, typer.Option(help="Seconds to keep retrying while another session holds a required lock.", min=0)
    ] = 120,
) -> None:
    """Upgrade the database schema to the newest revision.

    The current and the previous release of the service can keep running. A
    migration waits up to five seconds for a lock, then lets other sessions
    proceed and tries again. Concurrent migrations are serialized.
    """
    from wasgo_chat.database import migrations

    if down and revision is None:
        raise typer.BadParameter("--down requires --revision")
    settings = Settings()
    settings.require_database()
    settings = settings.without_pooler()
    url, target = settings.database_url, revision or "head"
    if down:
        migrations.downgrade(url, target, lock_wait_s=lock_wait)
    else:
        migrations.upgrade(url, target, lock_wait_s=lock_wait)
    current = migrations.current_revision(settings)
    print(f"The database is at {current}.")
    if not down and migrations.is_before(target, current):
        print(f"wasgo-chat: revision {target} is older: add --down to downgrade to it.", file=sys.stderr)
        sys.exit(1)


@app.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be deleted.")] = False,
) -> None:
    """Delete data past its retention period now.

    The retention periods are set by WASGO_CHAT_RETENTION_DAYS and
    WASGO_CHAT_NOTIFICATION_RETENTION_DAYS. The service also purges in the
    background, slowly. A purge can be interrupted and restarted at any time.
    The exit status is 1 if some data could not be deleted.
    """
    import asyncio

    from wasgo_chat.feature_registry import FEATURES
    from wasgo_chat.retention import cli
    from wasgo_chat.telemetry.logging import configure_logging

    configure_logging("CRITICAL", as_json=True)
    settings = Settings()
    settings.require_database()
    retention = [one for feature in FEATURES for one in feature.retention]
    report = asyncio.run(cli.purge(settings, retention, dry_run=dry_run))
    print("\n".join(report.lines))
    sys.exit(0 if report.is_done else 1)


@app.command()
def doctor(
    workers: Annotated[
        int, typer.Option(help="Number of workers to check for, as given to `serve`.", min=1, max=64)
    ] = 1,
    deep: Annotated[bool, typer.Option("--deep", help="Also verify the log of every conversation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    new_epoch: Annotated[
        bool,
        typer.Option("--new-epoch", help="First begin a new epoch: after a restore, or a failover that lost commits."),
    ] = False,
) -> None:
    """Check everything the service depends on and suggest fixes.

    Checks settings, database, Redis, attachment store, clocks, token keys, mail
    server and virus scanner. Makes no changes, except for a test object that is
    written to the attachment store and removed, and a new epoch if you ask for
    one: every client then loads its conversations again. The exit status is 1
    if there are errors; warnings do not count.
    """
    import asyncio

    from wasgo_chat.doctor import run
    from wasgo_chat.telemetry.logging import configure_logging

    configure_logging("CRITICAL", as_json=True)
    findings = asyncio.run(run.run_checks(Settings(), workers=workers, deep=deep, new_epoch=new_epoch))
    print(run.as_json(findings) if as_json else run.as_text(findings))
    sys.exit(run.exit_code(findings))


@app.command()
def seed(
    conversations: Annotated[int, typer.Option(help="Number of conversations.", min=1)] = 100,
    messages: Annotated[int, typer.Option(help="Total number of messages.", min=0)] = 10_000,
    users: Annotated[
        int | None, typer.Option(help="Number of users; default: a fifth of the conversations.", min=2)
    ] = None,
    number: Annotated[
        int, typer.Option("--seed", help="Random seed. The same seed produces the same data on the same day.", min=0)
    ] = 1,
    allow_nonempty: Annotated[
        bool, typer.Option("--allow-nonempty", help="Also run if the database contains conversations.")
    ] = False,
) -> None:
    """Fill an empty database with generated conversations, for load tests and
    demos.

    Users are named seed1-000000, seed1-000001 and so on; `wasgo-chat token
    --user seed1-000000` prints a token to view the data. No notifications are
    sent.
    """
    import asyncio

    from wasgo_chat.seed import run

    settings = Settings()
    settings.require_database()
    user_count = users or max(10, conversations // 5)
    with typer.progressbar(length=messages, label="Messages", file=sys.stderr) as bar:
        seeding = run.seed(
            settings, conversations=conversations, messages=messages, number=number, users=user_count,
            allow_nonempty=allow_nonempty, progress=bar.update,
        )  # fmt: skip
        asyncio.run(seeding)
    print(f"Created {conversations} conversations with {messages} messages by {user_count} users.")


@app.command("import")
def import_history(
    file: Annotated[Path, typer.Argument(help="JSON Lines file, see docs/import.md.", exists=True, dir_okay=False)],
    rejects: Annotated[Path | None, typer.Option(help="File for rejected lines; default: FILE.rejects.")] = None,
    files: Annotated[
        Path | None,
        typer.Option(help="Folder of the files of messages; default: that of FILE.", exists=True, file_okay=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate every line, but import nothing.")] = False,
) -> None:
    """Import conversations, messages and their files from another system, with
    their original timestamps.

    No notifications are sent. Existing rows are skipped, so an interrupted
    import can simply be rerun. Lines that cannot be imported are written to
    --rejects with their line numbers and reasons; the exit status is then 1.
    """
    from wasgo_chat.data_import.run import import_file

    settings = Settings()
    settings.require_database()
    rejects_file = rejects or file.with_name(f"{file.name}.rejects")
    with typer.progressbar(length=file.stat().st_size, label="Bytes", file=sys.stderr) as bar:
        report = import_file(settings, file, rejects_file, dry_run=dry_run, progress=bar.update, folder=files)
    verb = "Would import" if dry_run else "Imported"
    print(f"{verb} {report.users} users, {report.conversations} conversations and {report.messages} messages.")
    if report.files:
        print(f"{verb} {report.files} files.")
    if report.known:
        print(f"Skipped {report.known} messages that already exist.")
    if report.rejected:
        print(f"Rejected {report.rejected} lines: see {rejects_file}.")
        sys.exit(1)
    rejects_file.unlink()


@app.command()
def token(
    user: Annotated[str | None, typer.Option(help="User id, for a user token.")] = None,
    username: Annotated[str | None, typer.Option(help="User name in the token; default: the user id.")] = None,
    staff: Annotated[bool, typer.Option("--staff", help="Mark the user as staff.")] = False,
    service: Annotated[str | None, typer.Option(help="Service name, for a service token.")] = None,
    scope: Annotated[str | None, typer.Option(help="Comma-separated scopes of a service token.")] = None,
    ttl: Annotated[int, typer.Option(help="Lifetime of the token in seconds.", min=1)] = 3600,
) -> None:
    """Print a token for a user or a service.

    The token is signed with WASGO_CHAT_JWT_SECRET, or else with the public
    development key, which only `wasgo-chat dev` accepts. The scopes are
    chat:provision, chat:system_message, chat:act_as and chat:moderate.
    """
    from wasgo_chat.core.encoding import has_control_characters
    from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user

    if (user is None) == (service is None):
        raise typer.BadParameter("use either --user or --service")
    for option, name in (("--user", user), ("--service", service)):
        if name is not None and (not 0 < len(name) <= 128 or has_control_characters(name, allowed="")):
            raise typer.BadParameter(f"{option} must have 1 to 128 characters and no control characters")
    settings = Settings()
    settings.check_secrets()
    if user is not None:
        if scope is not None:
            raise typer.BadParameter("--scope requires --service")
        print(mint_user(settings, user, ttl_s=ttl, username=username, staff=staff))
        return
    if username is not None or staff:
        raise typer.BadParameter("--username and --staff require --user")
    scopes = [name.strip() for name in (scope or "").split(",") if name.strip()]
    if unknown := [name for name in scopes if name not in SCOPES]:
        raise typer.BadParameter(f"unknown scope {unknown[0]}; the scopes are {', '.join(SCOPES)}")
    print(mint_service(settings, service or "", scopes, ttl_s=ttl))


app.add_typer(consumers)
app.add_typer(documents)


def _warn_of_unknown_settings() -> None:
    """Not an error: a release that is rolled back to must start with the settings of the newer one."""
    for name, similar in unknown_settings(os.environ).items():
        advice = f"did you mean {similar}?" if similar else "README.md lists the settings."
        print(f"wasgo-chat: warning: {name} is not a setting and has no effect; {advice}", file=sys.stderr)


def main() -> None:
    """Run the command line. Errors that the user can fix are reported in one line, without a traceback."""
    try:
        _warn_of_unknown_settings()
        app()
    except ValidationError as error:
        for entry in error.errors(include_input=False, include_url=False):
            name, *within = entry["loc"]
            part = f" ({within[0] + 1 if isinstance(within[0], int) else within[0]})" if within else ""
            message = entry["msg"].removeprefix("Value error, ")
            print(f"wasgo-chat: WASGO_CHAT_{str(name).upper()}{part}: {message}", file=sys.stderr)
        sys.exit(2)
    except (CannotStart, SecretFileError) as error:
        print(f"wasgo-chat: {error}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 2))
    except Exception as error:
        from wasgo_chat.cli_errors import explain_error

        if (explanation := explain_error(error)) is None:
            raise
        print(f"wasgo-chat: {explanation}", file=sys.stderr)
        sys.exit(1)

"""The command line `wasgo-chat`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from wasgo_chat.core import gc_tuning
from wasgo_chat.core.config import CannotStart, Settings, settings_table

app = typer.Typer(
    name="wasgo-chat",
    help="The chat of a marketplace, as a service of its own.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    data: Annotated[Path, typer.Option(help="Folder that keeps the database.")] = Path(".data"),
) -> None:
    """Serve on this machine with an embedded PostgreSQL, demo users and ready tokens.

    Nothing else needs to be installed or running. The public development key is accepted, so this listens on
    loopback only. The data stays in --data and survives any end of the process.
    """
    with gc_tuning.gc_paused():
        from wasgo_chat.development import run

    run.run(host=host, port=port, data=data)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Processes; more than one needs Redis.", min=1, max=64)] = 1,
    fd: Annotated[
        int | None, typer.Option(help="Take this inherited listening socket instead of --host and --port.", min=0)
    ] = None,
) -> None:
    """Serve in production, with settings from WASGO_CHAT_* variables.

    Refuses to start on a missing or unsafe setting, or a database that is not at the newest migration, and says
    what to set. The variables are listed by `wasgo-chat settings`. SIGTERM drains, a second one ends at once; SIGHUP
    replaces the workers one by one; SIGUSR2 reads WASGO_CHAT_LOG_LEVELS_FILE again.
    """
    with gc_tuning.gc_paused():
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
        str | None, typer.Option(help="Revision to go to, the newest by default; `base` takes everything down.")
    ] = None,
    down: Annotated[bool, typer.Option("--down", help="Go back to --revision instead of up to it.")] = False,
    patience: Annotated[float, typer.Option(help="Seconds to go on asking for a lock that others hold.", min=0)] = 120,
) -> None:
    """Bring the database at WASGO_CHAT_DATABASE_URL to the newest migration.

    The service may go on meanwhile, also that of the release before. A migration waits five seconds at most for a
    lock, lets everybody pass, and asks again. A second migrator waits for the first.
    """
    from wasgo_chat.database import migrations

    if down and revision is None:
        raise typer.BadParameter("--down needs --revision: the one to go back to")
    settings = Settings()
    url, wanted = settings.require_database(), revision or "head"
    if down:
        migrations.downgrade(url, wanted, patience_s=patience)
    else:
        migrations.upgrade(url, wanted, patience_s=patience)
    place = migrations.current_revision(settings)
    print(f"The database is at {place}.")
    if not down and migrations.is_before(wanted, place):
        print(f"wasgo-chat: {wanted} is older: add --down to go back to it.", file=sys.stderr)
        sys.exit(1)


@app.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is due.")] = False,
) -> None:
    """Remove now what is past WASGO_CHAT_RETENTION_DAYS and WASGO_CHAT_NOTIFICATION_RETENTION_DAYS.

    The service does the same in the background, slowly; this is for the first time, and to see what it would do.
    It may be ended and started again at any time. The exit code is 1 if something was left, as it says.
    """
    import asyncio

    from wasgo_chat.retention import cli
    from wasgo_chat.telemetry.logging import configure_logging

    configure_logging("CRITICAL", as_json=True)
    settings = Settings()
    settings.require_database()
    said = asyncio.run(cli.purge(settings, dry_run=dry_run))
    print("\n".join(said.lines))
    sys.exit(0 if said.is_done else 1)


@app.command()
def doctor(
    workers: Annotated[int, typer.Option(help="Workers that `serve` is to have.", min=1, max=64)] = 1,
    deep: Annotated[bool, typer.Option("--deep", help="Read every conversation's log as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a program.")] = False,
) -> None:
    """Look at all that the service needs, and say what to do about it.

    Settings, database, Redis, store, clocks, keys of tokens, mail, virus scanner. The exit code is 1 if something must
    be mended; warnings do not count. Nothing is changed, beside a probe that is written to the store and removed.
    """
    import asyncio

    from wasgo_chat.doctor import run
    from wasgo_chat.telemetry.logging import configure_logging

    configure_logging("CRITICAL", as_json=True)
    findings = asyncio.run(run.run_checks(Settings(), workers=workers, deep=deep))
    print(run.as_json(findings) if as_json else run.as_text(findings))
    sys.exit(run.exit_code(findings))


@app.command()
def seed(
    conversations: Annotated[int, typer.Option(help="Conversations to make.", min=1)] = 100,
    messages: Annotated[int, typer.Option(help="Messages in all of them.", min=0)] = 10_000,
    users: Annotated[int | None, typer.Option(help="People; a fifth of the conversations by default.", min=2)] = None,
    number: Annotated[int, typer.Option("--seed", help="The same number makes the same, on the same day.", min=0)] = 1,
    into_full: Annotated[bool, typer.Option("--into-full", help="Also beside conversations that are there.")] = False,
) -> None:
    """Fill an empty database with made-up conversations, for load and demos.

    People are called seed1-000000 and on; `wasgo-chat token --user seed1-000000` lets you look. Nobody is notified.
    """
    import asyncio

    from wasgo_chat.seed import run

    settings = Settings()
    settings.require_database()
    people = users or max(10, conversations // 5)
    with typer.progressbar(length=messages, label="Messages", file=sys.stderr) as bar:
        made = run.seed(
            settings, conversations=conversations, messages=messages, number=number, users=people,
            into_full=into_full, progress=bar.update,
        )  # fmt: skip
        asyncio.run(made)
    print(f"Made {conversations} conversations of {people} people, with {messages} messages.")


@app.command("import")
def import_history(
    file: Annotated[Path, typer.Argument(help="JSON Lines, as docs/import.md describes.", exists=True, dir_okay=False)],
    rejects: Annotated[Path | None, typer.Option(help="Where bad lines go; FILE.rejects by default.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try every line, and keep nothing.")] = False,
) -> None:
    """Import conversations and messages of elsewhere, with their own times.

    Nobody is notified. What is there already is passed over, so a run that was ended is simply started again. Lines
    that cannot be imported are collected with their numbers and reasons; the exit code is 1 if there are any.
    """
    from wasgo_chat.data_import.run import import_file

    settings = Settings()
    settings.require_database()
    aside = rejects or file.with_name(f"{file.name}.rejects")
    with typer.progressbar(length=file.stat().st_size, label="Bytes", file=sys.stderr) as bar:
        report = import_file(settings, file, aside, dry_run=dry_run, progress=bar.update)
    said = "Would import" if dry_run else "Imported"
    print(f"{said} {report.users} users, {report.conversations} conversations and {report.messages} messages.")
    if report.known:
        print(f"{report.known} messages were there already.")
    if report.rejected:
        print(f"{report.rejected} lines cannot be imported: see {aside}.")
        sys.exit(1)
    aside.unlink()


@app.command()
def token(
    user: Annotated[str | None, typer.Option(help="User id the token is for.")] = None,
    username: Annotated[str | None, typer.Option(help="User name in the token; the id by default.")] = None,
    staff: Annotated[bool, typer.Option("--staff", help="Mark the user as staff.")] = False,
    service: Annotated[str | None, typer.Option(help="Service name the token is for, instead of a user.")] = None,
    scope: Annotated[str | None, typer.Option(help="Scopes of a service token, separated by commas.")] = None,
    ttl: Annotated[int, typer.Option(help="Seconds the token is good for.", min=1)] = 3600,
) -> None:
    """Print a token, signed with WASGO_CHAT_JWT_SECRET or else the public development key.

    Scopes are chat:provision, chat:system_message, chat:act_as and chat:moderate. The development key is
    accepted by `wasgo-chat dev` only.
    """
    from wasgo_chat.core.encoding import has_stray_control
    from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user

    if (user is None) == (service is None):
        raise typer.BadParameter("give either --user or --service")
    for option, name in (("--user", user), ("--service", service)):
        if name is not None and (not 0 < len(name) <= 128 or has_stray_control(name, allowed="")):
            raise typer.BadParameter(f"{option} is to have 1 to 128 characters, none of them a control character")
    settings = Settings()
    settings.check_secrets()
    if user is not None:
        if scope is not None:
            raise typer.BadParameter("--scope goes with --service")
        print(mint_user(settings, user, ttl_s=ttl, username=username, staff=staff))
        return
    if username is not None or staff:
        raise typer.BadParameter("--username and --staff go with --user")
    scopes = [one.strip() for one in (scope or "").split(",") if one.strip()]
    if unknown := [one for one in scopes if one not in SCOPES]:
        raise typer.BadParameter(f"unknown scope {unknown[0]}; there are {', '.join(SCOPES)}")
    print(mint_service(settings, service or "", scopes, ttl_s=ttl))


@app.command()
def openapi(
    write: Annotated[Path | None, typer.Option(help="Write the document to this file.")] = None,
    check: Annotated[Path | None, typer.Option(help="Fail if this file is not up to date.")] = None,
) -> None:
    """Print the OpenAPI document, or write it, or check that a file is up to date."""
    import json

    from wasgo_chat.api_docs.output import write_or_check
    from wasgo_chat.app import create_app
    from wasgo_chat.core.config import DEVELOPMENT_SECRET

    nowhere = {"database_url": "postgresql://localhost/none", "jwt_secret": DEVELOPMENT_SECRET, "redis_url": None}
    document = json.dumps(create_app(Settings.model_validate(nowhere)).openapi(), indent=2, ensure_ascii=False)
    write_or_check(document + "\n", write, check)


@app.command()
def asyncapi(
    write: Annotated[Path | None, typer.Option(help="Write the document to this file.")] = None,
    check: Annotated[Path | None, typer.Option(help="Fail if this file is not up to date.")] = None,
) -> None:
    """Print the AsyncAPI document of the sockets, or write it, or check that a file is up to date."""
    from wasgo_chat.api_docs.asyncapi import asyncapi_json
    from wasgo_chat.api_docs.output import write_or_check

    write_or_check(asyncapi_json(), write, check)


@app.command()
def settings(
    write: Annotated[Path | None, typer.Option(help="Write the table into this file, between its marks.")] = None,
    check: Annotated[Path | None, typer.Option(help="Fail if the table in this file is not up to date.")] = None,
) -> None:
    """Print every setting with its default and meaning, as a Markdown table."""
    from wasgo_chat.api_docs.output import write_or_check_table

    write_or_check_table(settings_table(), write, check, marker="settings")


@app.command()
def privacy(
    write: Annotated[Path | None, typer.Option(help="Write the table into this file, between its markers.")] = None,
    check: Annotated[Path | None, typer.Option(help="Fail if the table in this file is not up to date.")] = None,
) -> None:
    """Print how the personal data in each database table is exported, erased and kept, as a Markdown table."""
    from wasgo_chat.api_docs.data_policies import MARKER, data_policy_table
    from wasgo_chat.api_docs.output import write_or_check_table

    write_or_check_table(data_policy_table(), write, check, marker=MARKER)


def main() -> None:
    """Run the command line; what a person can mend is said in one sentence, without a traceback."""
    try:
        app()
    except ValidationError as error:
        for found in error.errors(include_input=False, include_url=False):
            name, *within = found["loc"]
            part = f" ({within[0] + 1 if isinstance(within[0], int) else within[0]})" if within else ""
            said = found["msg"].removeprefix("Value error, ")
            print(f"wasgo-chat: WASGO_CHAT_{str(name).upper()}{part}: {said}", file=sys.stderr)
        sys.exit(2)
    except CannotStart as error:
        print(f"wasgo-chat: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        from wasgo_chat.cli_errors import explain_error

        if (sentence := explain_error(error)) is None:
            raise
        print(f"wasgo-chat: {sentence}", file=sys.stderr)
        sys.exit(1)

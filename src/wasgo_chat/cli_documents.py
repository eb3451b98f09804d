"""The commands that print, write or check generated documents and tables. `make docs` and `make check` call them."""

from pathlib import Path
from typing import Annotated

import typer

from wasgo_chat.settings.config import DEVELOPMENT_SECRET, Settings, settings_table

documents = typer.Typer()

WriteFile = Annotated[Path | None, typer.Option(help="Write the document to this file.")]
CheckFile = Annotated[Path | None, typer.Option(help="Exit with status 1 if this file is not up to date.")]
WriteTables = Annotated[Path | None, typer.Option(help="Write the tables into this file, between their markers.")]
CheckTables = Annotated[
    Path | None, typer.Option(help="Exit with status 1 if the tables in this file are not up to date.")
]


@documents.command()
def openapi(write: WriteFile = None, check: CheckFile = None) -> None:
    """Print the OpenAPI document of the HTTP API, write it to a file, or check a file."""
    import json

    from wasgo_chat.api_docs.output import write_or_check
    from wasgo_chat.app import create_app

    placeholders = {"database_url": "postgresql://localhost/none", "jwt_secret": DEVELOPMENT_SECRET, "redis_url": None}
    document = json.dumps(create_app(Settings.model_validate(placeholders)).openapi(), indent=2, ensure_ascii=False)
    write_or_check(document + "\n", write, check)


@documents.command()
def asyncapi(write: WriteFile = None, check: CheckFile = None) -> None:
    """Print the AsyncAPI document of the WebSocket API, write it to a file, or check a file."""
    from wasgo_chat.api_docs.asyncapi import asyncapi_json
    from wasgo_chat.api_docs.output import write_or_check

    write_or_check(asyncapi_json(), write, check)


@documents.command()
def settings(write: WriteTables = None, check: CheckTables = None) -> None:
    """Print all settings with their defaults and descriptions as a Markdown table."""
    from wasgo_chat.api_docs.output import write_or_check_table

    write_or_check_table(settings_table(), write, check, marker="settings")


@documents.command()
def privacy(write: WriteTables = None, check: CheckTables = None) -> None:
    """Print how the personal data in each database table is exported, erased and kept, as a Markdown table."""
    from wasgo_chat.api_docs.data_policies import MARKER, data_policy_table
    from wasgo_chat.api_docs.output import write_or_check_table

    write_or_check_table(data_policy_table(), write, check, marker=MARKER)


@documents.command()
def protocol(write: WriteTables = None, check: CheckTables = None) -> None:
    """Print the permission matrix and the close codes as Markdown tables."""
    from wasgo_chat.api_docs.output import write_or_check_table
    from wasgo_chat.core.close_codes import close_code_table
    from wasgo_chat.membership.roles import permission_table

    for marker, table in {"permissions": permission_table(), "close codes": close_code_table()}.items():
        write_or_check_table(table, write, check, marker=marker)

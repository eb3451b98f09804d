"""Closed sets are declared once: which hand-written files name or list the values of a set.

Adding a value touches the declaration, every other file that lists the values of the set, and a migration if the
database has a CHECK constraint on it. Documents, generated code, examples and tests do not count.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from wasgo_chat.attachments.upload.content_types import FILE_TYPES
from wasgo_chat.conversation_types import CONVERSATION_TYPES, REFERENCED_TYPES
from wasgo_chat.conversations.event_frames import _RENDERERS
from wasgo_chat.conversations.event_schemas import AnyDurableFrame
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.events.types import EVENT_TYPES
from wasgo_chat.membership.roles import Role
from wasgo_chat.messages.types import MESSAGE_TYPES

ROOT = Path(__file__).resolve().parents[1]
SERVICE = Path("src/wasgo_chat")
CODE = (SERVICE, Path("web/src"), Path("sdk/typescript/src"), Path("sdk/python/src"))
LISTS = 3
"""A file that has so many values of a set lists them: a new value has to be added to it."""

EXAMPLES = {
    "src/wasgo_chat/api_docs/asyncapi_examples.py",
    "src/wasgo_chat/api_docs/openapi_examples.py",
    "src/wasgo_chat/development/demo_script.py",
    "src/wasgo_chat/development/demo_world.py",
}
"""Examples and demo data: they do not have every value."""

TRANSLATIONS = {"web/src/shared/locales/de.ts"}
"""Translations of locales/en.ts do not count: each language has a file, and the compiler reports the texts it lacks."""


@dataclass(frozen=True)
class ClosedSet:
    """A set of values.

    Attributes:
        values: as they are in the database and on the wire.
        listed_in: every file that lists them, with the reason; the first one is the declaration.
        at_most: the most files that a new value may touch.
        has_check: whether the database has a CHECK constraint on it.
        unaffected: files that list values of today, and need no new one.
        other_meanings: files of the service that have such a word with another meaning.
    """

    values: Iterable[str]
    listed_in: dict[str, str]
    at_most: int
    has_check: bool = True
    unaffected: dict[str, str] = field(default_factory=dict)
    other_meanings: dict[str, str] = field(default_factory=dict)


SETS = {
    "conversation types": ClosedSet(
        CONVERSATION_TYPES,
        {
            "src/wasgo_chat/conversation_types.py": "the declaration",
            "web/src/shared/labels/conversation-types.ts": "icons and colors",
            "web/src/shared/locales/en.ts": "labels",
        },
        at_most=4,
        unaffected={
            "sdk/python/src/wasgo_chat_client/calls.py": "`conversation_for_object` takes every type",
            "sdk/python/src/wasgo_chat_client/platform.py": "`get_or_create_conversation_for_object` takes every type",
        },
        other_meanings={
            "src/wasgo_chat/api_docs/openapi.py": "the tag `support`",
            "src/wasgo_chat/core/postgres_dsn.py": "a value of the libpq parameter `sslnegotiation`",
            "src/wasgo_chat/database/session.py": "the request pool",
            "src/wasgo_chat/http/request_log.py": "a log field",
            "src/wasgo_chat/identity/audit.py": "a log field",
            "src/wasgo_chat/support/feature.py": "the name of the feature",
            "src/wasgo_chat/support/routes.py": "the tag `support`",
            "src/wasgo_chat/telemetry/counters.py": "the request pool",
            "src/wasgo_chat/worker.py": "the request pool",
        },
    ),
    "message types": ClosedSet(
        MESSAGE_TYPES.keys() - FILE_TYPES.keys(),
        {
            "src/wasgo_chat/messages/types.py": "the declaration",
            "web/src/shared/locales/en.ts": "labels",
        },
        at_most=4,
        other_meanings={
            "src/wasgo_chat/core/postgres_dsn.py": "a value of the libpq parameter `sslrootcert`",
            "src/wasgo_chat/gateway/connection.py": "a field of ASGI",
            "src/wasgo_chat/gateway/receiver.py": "a field of ASGI",
            "src/wasgo_chat/notifications/delivery/webhook.py": "a field of the payload",
            "src/wasgo_chat/notifications/fanout.py": "the SQL of the fan-out skips system messages",
            "src/wasgo_chat/gateway/commands.py": "an example",
            "src/wasgo_chat/server/websocket_protocol.py": "a field of ASGI",
        },
    ),
    "message types with files": ClosedSet(
        FILE_TYPES,
        {
            "src/wasgo_chat/attachments/upload/content_types.py": "the declaration, with the content that each takes",
            "web/src/shared/locales/en.ts": "labels",
        },
        at_most=4,
        other_meanings={
            "src/wasgo_chat/attachments/routes.py": "a form field",
            "src/wasgo_chat/attachments/upload/filenames.py": "the default file name",
            "src/wasgo_chat/privacy/export.py": "a field of the export",
        },
    ),
    "roles": ClosedSet(
        Role,
        {
            "src/wasgo_chat/membership/roles.py": "the declaration",
            "web/src/shared/locales/en.ts": "labels",
        },
        at_most=3,
        other_meanings={
            "src/wasgo_chat/conversations/event_frames.py": "a field of frames",
        },
    ),
    "close codes": ClosedSet(
        [str(int(code)) for code in CloseCode if code >= 4000],
        {
            "src/wasgo_chat/core/close_codes.py": "the declaration",
        },
        at_most=2,
        has_check=False,
        unaffected={
            "sdk/python/src/wasgo_chat_client/connection.py": "reconnects after every other code",
        },
    ),
}


def test_every_referenced_type_has_a_position_in_the_index_and_the_routes() -> None:
    assert {name for name, type_ in CONVERSATION_TYPES.items() if type_.is_referenced} == REFERENCED_TYPES.keys()


def test_every_event_type_has_a_renderer_and_a_schema() -> None:
    schemas = {get_args(frame.model_fields["type"].annotation)[0] for frame in get_args(get_args(AnyDurableFrame)[0])}
    assert _RENDERERS.keys() == EVENT_TYPES.keys() == schemas


@pytest.mark.parametrize("name", SETS)
def test_the_service_names_values_in_the_declaration_only(name: str) -> None:
    closed = SETS[name]
    found = {path for path, values in _files_with(closed.values, SERVICE) if values} - EXAMPLES
    declarations = {path for path in closed.listed_in if path.startswith(str(SERVICE))}
    assert found == declarations | closed.other_meanings.keys()


@pytest.mark.parametrize("name", SETS)
def test_a_new_value_touches_few_files(name: str) -> None:
    closed = SETS[name]
    least = min(LISTS, len(list(closed.values)))
    listed_in = {path for root in CODE for path, values in _files_with(closed.values, root) if len(values) >= least} - (
        EXAMPLES | TRANSLATIONS
    )
    assert listed_in - closed.other_meanings.keys() - closed.unaffected.keys() == closed.listed_in.keys()
    assert len(closed.listed_in) + closed.has_check <= closed.at_most


def _files_with(values: Iterable[str], root: Path) -> Iterator[tuple[str, set[str]]]:
    for path in sorted((ROOT / root).rglob("*")):
        relative = path.relative_to(ROOT)
        if {"generated", "assets"} & set(relative.parts):
            continue
        if path.suffix == ".py":
            yield str(relative), _in_python(path, values)
        elif path.suffix in (".ts", ".tsx"):
            yield str(relative), _in_typescript(path.read_text(), values)


def _in_python(path: Path, values: Iterable[str]) -> set[str]:
    """The values that are a constant of the code, or a literal of SQL text in it."""
    constants = _constants_in(path)
    return {value for value in values if value in constants or any(f"'{value}'" in text for text in constants)}


@cache
def _constants_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        str(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in docstrings and isinstance(node.value, (str, int))
    }


def _in_typescript(source: str, values: Iterable[str]) -> set[str]:
    """The values that are a string, a number or the key of an object, outside of comments."""
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", source, flags=re.S)
    used = r"['\"`]{0}['\"`]|(?:^|[{{,])\s*{0}: |\b(?=\d){0}\b"
    return {value for value in values if re.search(used.format(value), code, re.M)}

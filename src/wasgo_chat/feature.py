"""What a feature is: a package with routes, background work and tables that one setting switches on and off.

Each feature declares itself once, as `FEATURE` in its `feature.py`; `feature_registry.py` lists them. From the
declaration the app mounts the routes, a worker builds and runs the parts, and the tests check that nothing is missing:
every requirement has evidence or a reason for its absence.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from wasgo_chat.core.errors import Forbidden
from wasgo_chat.database.after_commit import CommitListeners
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.feed.handler import FeedEvent, Handler
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

Part = TypeVar("Part")


class FeatureOff(Forbidden):
    """A setting switches this feature off."""

    code = "feature_off"
    title = "This feature is switched off in this installation"


class Requirement(StrEnum):
    """What a feature needs before it is finished."""

    OPENAPI = "OpenAPI with tested examples"
    ASYNCAPI = "AsyncAPI with tested examples"
    AUTHORIZATION = "rows in the authorization matrix"
    PRIVACY = "export, erasure and retention in docs/privacy.md"
    THREATS = "threats with tests in docs/security.md"
    DELIVERY = "delivery guarantees with seeded bugs"
    TYPESCRIPT_SDK = "the TypeScript SDK"
    PYTHON_SDK = "the Python SDK"
    UI = "pages"
    ACCESSIBILITY = "pages without axe findings"
    SCREENSHOTS = "screenshots"
    METRICS = "metrics"
    ALERT = "an alert with a runbook entry"
    DOCTOR = "a doctor check"
    BENCHMARK = "a benchmark"
    GUIDE = "a guide"
    SWITCH = "a setting that switches it off"


@dataclass(frozen=True, slots=True)
class Done:
    """The requirement is met. `path` is a file of the project; `text`, if given, occurs in it."""

    path: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Exempt:
    """The requirement does not apply, or is not met yet; `reason` says which, and why."""

    reason: str


class PartContext(Protocol):
    """What a feature builds its parts from."""

    @property
    def settings(self) -> Settings:
        """The settings of the deployment."""

    @property
    def name(self) -> str:
        """The worker's name, unique among all workers."""

    @property
    def db(self) -> Database:
        """The pool of requests and background work that may wait for row locks."""

    @property
    def background_db(self) -> Database:
        """A separate pool for work that must not wait behind requests."""

    @property
    def keyed_db(self) -> Database:
        """A pool with generic plans, for statements that find every row by its key."""

    @property
    def counts(self) -> WorkerCounters:
        """The counters of the worker."""

    @property
    def listeners(self) -> CommitListeners:
        """Where a part registers for what commits of this worker announce."""

    def part(self, kind: type[Part]) -> Part:
        """A part that was built before, by its type."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer of the global feed. The worker that has its role calls the handler."""

    name: str
    handler: Callable[[PartContext], Handler]
    """Makes the handler; called once in each worker, after the feature has built its parts."""
    has_history: bool = False
    """It has to handle every event there ever was, as an index does: it walks the logs first, and while its feature is
    off it stays where it is. Otherwise it handles events as they happen, and passes those that happen while its feature
    is off."""


async def pass_events(connection: Any, events: Sequence[FeedEvent]) -> Sequence[object]:
    """The handler of a consumer whose feature is off."""
    return ()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a feature adds to a worker."""

    provides: Sequence[object] = ()
    """Objects that routes and other features look up by their type."""
    run: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    """Loops that run until the worker stops."""
    close: Sequence[Callable[[], Awaitable[None]]] = ()
    """Called after the loops have ended, in this order."""


class ExportPage(Protocol):
    """Loads a page of a user's rows for their export: at most `limit`, in the order of `id`, after the given one."""

    def __call__(
        self, tx: Tx, user_id: str, after: UUID | None, /, *, limit: int
    ) -> Awaitable[list[dict[str, Any]]]: ...


@dataclass(frozen=True, slots=True)
class PersonalData:
    """How a feature exports and erases what it stores about a user. `__data_policy__` of its tables describes it."""

    documents: Mapping[str, Callable[[Tx, str], Awaitable[dict[str, Any]]]] = field(default_factory=dict)
    """Files of the export archive with one JSON object each, by name."""
    lists: Mapping[str, ExportPage] = field(default_factory=dict)
    """Files of the export archive with a JSON list each, by name."""
    on_erasure_request: Callable[[Tx, str], Awaitable[None]] | None = None
    """Deletes, in the transaction of the request, what must not be used from then on."""
    erase_page: Callable[[Tx, str], Awaitable[bool]] | None = None
    """Erases a page of rows; True if there may be more. It is repeated, also after a crash."""


class DeleteExpired(Protocol):
    """Deletes at most `page` rows older than `days`, from a position on that an earlier call returned; "" at first.

    Returns the position to continue from; None at the end. `tx` is a transaction of its own, so any call may be the
    last one before a crash.
    """

    def __call__(self, tx: Tx, after: str, /, *, days: int, page: int) -> Awaitable[str | None]: ...


@dataclass(frozen=True, slots=True)
class Retention:
    """How rows that a feature stores expire, apart from those that go with a conversation's expired messages."""

    days: Callable[[Settings], int | None]
    """After how many days, at least 1; None: never."""
    delete_expired: DeleteExpired


@dataclass(frozen=True)
class Feature:
    """The declaration of one feature."""

    name: str
    summary: str
    setting: str | None
    """The boolean setting that switches it on; None for what the rest of the service cannot do without."""
    is_listed: bool = True
    """Whether `hello` names it in `features`, so that clients show it only where it is on."""
    settings: type[BaseModel] | None = None
    """Its own group of settings, from `settings/`; None if it has none but the switch."""
    routers: Sequence[APIRouter] = ()
    max_body_bytes: Callable[[Settings], int] | None = None
    """The body limit of its routes, where the general one does not fit."""
    build: Callable[[PartContext], Parts] = lambda context: Parts()
    build_off: Callable[[PartContext], Parts] = lambda context: Parts()
    """The parts of a worker where the feature is off: substitutes that other features rely on."""
    commands: Sequence[Any] = ()
    """Its socket commands, as `gateway.command_registry` declares them: that package is in a higher layer."""
    consumers: Sequence[Consumer] = ()
    """Its consumers of the global feed."""
    tables: Sequence[str] = ()
    personal_data: PersonalData = PersonalData()
    retention: Sequence[Retention] = ()
    """What expires. It is deleted while the feature is off, too."""
    requirements: Mapping[Requirement, Done | Exempt] = field(default_factory=dict)

    def is_on(self, settings: Settings) -> bool:
        """Whether the settings switch the feature on."""
        return self.setting is None or bool(getattr(settings, self.setting))


def part_of(connection: HTTPConnection, kind: type[Part]) -> Part:
    """The part of a feature in the worker that serves this connection.

    Raises:
        FeatureOff: the feature that provides the part is switched off.
    """
    worker: PartContext = connection.app.state.worker
    return worker.part(kind)

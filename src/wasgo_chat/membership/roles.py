"""Roles, actions and the permission matrix: which role, or which scope of a service token, allows which action.

To add a role, declare it in `Role` (at its rank) and review `PERMISSIONS`, migrate the CHECK constraint of
`participants.role`, and name it in web/src/shared/labels/roles.ts. `make docs` writes the matrix of docs/protocol.md.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Literal


class Role(StrEnum):
    """A participant's role, lowest first. Higher roles may do what lower ones may, except `LOWEST_ROLE_ONLY`."""

    OBSERVER = "observer"
    PARTICIPANT = "participant"
    MODERATOR = "moderator"
    ADMIN = "admin"

    def is_at_least(self, lowest: "Role") -> bool:
        """Whether this role is `lowest` or a higher one."""
        return _RANKS[self] >= _RANKS[lowest]


_RANKS = {role: rank for rank, role in enumerate(Role)}

if TYPE_CHECKING:
    RoleName = str
else:
    # A Literal rather than the enum: Pydantic then describes it in place, without a schema of its own.
    RoleName = Literal[tuple(role.value for role in Role)]


class Action(Enum):
    """An operation on a conversation that needs permission."""

    READ = auto()
    WRITE = auto()
    TYPE = auto()
    DELETE_OTHERS = auto()
    MANAGE_MEMBERS = auto()
    MANAGE_PRIVILEGED_MEMBERS = auto()
    CONFIGURE = auto()
    CLOSE = auto()
    ASSIGN = auto()
    ARCHIVE = auto()
    LEAVE = auto()
    WRITE_SYSTEM = auto()


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may perform an action. `description` is its row in the matrix of docs/protocol.md."""

    lowest_role: Role | None
    """The lowest role that allows the action to a user; None if no role does."""
    scope: str | None
    """The scope that allows it to a service; None if services need to act as a user."""
    description: str


PERMISSIONS: dict[Action, Permission] = {
    Action.READ: Permission(Role.OBSERVER, None, "list, read, receive, have read receipts"),
    Action.WRITE: Permission(Role.PARTICIPANT, None, "send, reply, react, upload, edit and delete own messages"),
    Action.TYPE: Permission(Role.PARTICIPANT, None, "send typing indicators"),
    Action.DELETE_OTHERS: Permission(Role.MODERATOR, "chat:moderate", "delete messages of others"),
    Action.MANAGE_MEMBERS: Permission(Role.MODERATOR, "chat:provision", "add and remove observers and participants"),
    Action.MANAGE_PRIVILEGED_MEMBERS: Permission(
        Role.ADMIN, "chat:provision", "add, remove and change moderators and admins"
    ),
    Action.CONFIGURE: Permission(Role.ADMIN, "chat:provision", "change title, metadata and settings"),
    Action.CLOSE: Permission(Role.MODERATOR, "chat:provision", "close, reopen"),
    Action.ASSIGN: Permission(Role.MODERATOR, "chat:provision", "assign a support conversation"),
    Action.ARCHIVE: Permission(Role.OBSERVER, None, "archive, in the own list only"),
    Action.LEAVE: Permission(Role.OBSERVER, None, "leave; the last admin cannot"),
    Action.WRITE_SYSTEM: Permission(None, "chat:system_message", "send system messages"),
}

LOWEST_ROLE_ONLY = frozenset([Action.ASSIGN])
"""Actions that no higher role allows: the admin of a support conversation is the user who asked for help."""

WRITE_ACTIONS = frozenset([Action.WRITE, Action.DELETE_OTHERS, Action.WRITE_SYSTEM])
"""Actions that a closed conversation refuses."""

NOT_IN_DIRECT = frozenset([Action.MANAGE_MEMBERS, Action.MANAGE_PRIVILEGED_MEMBERS, Action.CLOSE, Action.LEAVE])
"""Actions that a direct conversation refuses to every role."""


def role_allows(role: str, action: Action) -> bool:
    """Whether a user with this role may do this, in a conversation that is open and not direct."""
    lowest_role = PERMISSIONS[action].lowest_role
    if lowest_role is None:
        return False
    return role == lowest_role if action in LOWEST_ROLE_ONLY else Role(role).is_at_least(lowest_role)


def roles_that_allow(action: Action) -> list[Role]:
    """The roles that allow an action, lowest first."""
    return [role for role in Role if role_allows(role, action)]


PRIVILEGED_ROLES: Set[str] = frozenset(roles_that_allow(Action.MANAGE_MEMBERS))
"""Roles that manage other members. Only `Action.MANAGE_PRIVILEGED_MEMBERS` allows granting or revoking them."""


def permission_table() -> str:
    """The permission matrix as a Markdown table."""
    lines = [
        f"| | {' | '.join(Role)} | service, by scope |",
        "| --- |" + " --- |" * (len(Role) + 1),
    ]
    for action, permission in PERMISSIONS.items():
        cells = "".join(" yes |" if role_allows(role, action) else " |" for role in Role)
        scope = f"`{permission.scope}`" if permission.scope else "as a user"
        lines.append(f"| {permission.description} |{cells} {scope} |")
    return "\n".join(lines)

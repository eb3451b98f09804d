"""Roles, actions and the permission matrix: which role, or which scope of a service token, allows which action.

To add a role, declare it in `Role` (at its rank) and review `PERMISSIONS`, migrate the CHECK constraint of
`participants.role`, name it in web/src/shared/labels/roles.ts and extend the matrix in docs/protocol.md.
"""

from collections.abc import Set
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Literal


class Role(StrEnum):
    """A participant's role, lowest first. Higher roles may do what lower ones may, except `ONLY_BY_LOWEST_ROLE`."""

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


PERMISSIONS: dict[Action, tuple[Role | None, str | None]] = {
    Action.READ: (Role.OBSERVER, None),
    Action.WRITE: (Role.PARTICIPANT, None),
    Action.TYPE: (Role.PARTICIPANT, None),
    Action.DELETE_OTHERS: (Role.MODERATOR, "chat:moderate"),
    Action.MANAGE_MEMBERS: (Role.MODERATOR, "chat:provision"),
    Action.MANAGE_PRIVILEGED_MEMBERS: (Role.ADMIN, "chat:provision"),
    Action.CONFIGURE: (Role.ADMIN, "chat:provision"),
    Action.CLOSE: (Role.MODERATOR, "chat:provision"),
    Action.ASSIGN: (Role.MODERATOR, "chat:provision"),
    Action.ARCHIVE: (Role.OBSERVER, None),
    Action.LEAVE: (Role.OBSERVER, None),
    Action.WRITE_SYSTEM: (None, "chat:system_message"),
}
"""For each action: the lowest role that allows it to a user, and the scope that allows it to a service."""

ONLY_BY_LOWEST_ROLE = frozenset([Action.ASSIGN])
"""Actions that no higher role allows: the admin of a support conversation is the user who asked for help."""

WRITE_ACTIONS = frozenset([Action.WRITE, Action.DELETE_OTHERS, Action.WRITE_SYSTEM])
"""Actions that a closed conversation refuses."""

NOT_IN_DIRECT = frozenset([Action.MANAGE_MEMBERS, Action.MANAGE_PRIVILEGED_MEMBERS, Action.CLOSE, Action.LEAVE])
"""Actions that a direct conversation refuses to every role."""


def role_allows(role: str, action: Action) -> bool:
    """Whether a user with this role may do this, in a conversation that is open and not direct."""
    lowest_role = PERMISSIONS[action][0]
    if lowest_role is None:
        return False
    return role == lowest_role if action in ONLY_BY_LOWEST_ROLE else Role(role).is_at_least(lowest_role)


def roles_that_allow(action: Action) -> list[Role]:
    """The roles that allow an action, lowest first."""
    return [role for role in Role if role_allows(role, action)]


PRIVILEGED_ROLES: Set[str] = frozenset(roles_that_allow(Action.MANAGE_MEMBERS))
"""Roles that manage other members. Only `Action.MANAGE_PRIVILEGED_MEMBERS` allows granting or revoking them."""

"""Errors of conversations and their participants."""

from wasgo_chat.core.errors import Conflict, Forbidden


class DirectConversation(Forbidden):
    """A direct conversation has a fixed pair of participants: no adding, removing, promoting or closing."""

    code, title = "direct_conversation", "A direct conversation has exactly its two participants"


class LastAdmin(Forbidden):
    """The last admin can neither leave nor be demoted."""

    code, title = "last_admin", "The last admin cannot leave; make another participant admin first"


class AssignedStaff(Forbidden):
    """The moderators of a support conversation are assigned; users neither grant nor revoke privileged roles in it."""

    code, title = "assigned_staff", "The moderators of a support conversation are assigned by the support routes"


class ParticipantLeft(Conflict):
    """A user left the conversation. Only a service can add them again."""

    code, title = "participant_left", "That user has left the conversation; only the platform can add them again"


class ConversationClosed(Conflict):
    """A closed conversation is read-only."""

    code, title = "conversation_closed", "The conversation is closed"

"""Names of schemas in the API documents where they differ from the names of the classes.

Generated clients use the names of the documents, so these are part of the contract; classes can be renamed.
"""

from typing import Any

from wasgo_chat.conversations import event_schemas

SCHEMA_NAMES = {
    event_schemas.NewMessageFrame.__name__: "NewMessage",
    event_schemas.MessageEditedFrame.__name__: "MessageEdited",
    event_schemas.MessageDeletedFrame.__name__: "MessageDeleted",
    event_schemas.ReactionUpdateFrame.__name__: "ReactionUpdate",
    event_schemas.ParticipantAddedFrame.__name__: "ParticipantAdded",
    event_schemas.ParticipantUpdatedFrame.__name__: "ParticipantUpdated",
    event_schemas.ParticipantRemovedFrame.__name__: "ParticipantRemoved",
    event_schemas.ConversationUpdatedFrame.__name__: "ConversationChanged",
}

_PREFIX = "#/components/schemas/"


def with_schema_names(document: Any) -> Any:
    """A copy of a JSON document with the names of `SCHEMA_NAMES`: in keys, titles and references."""
    match document:
        case dict():
            return {SCHEMA_NAMES.get(key, key): with_schema_names(value) for key, value in document.items()}
        case list():
            return [with_schema_names(value) for value in document]
        case str() if document.startswith(_PREFIX):
            name = document.removeprefix(_PREFIX)
            return _PREFIX + SCHEMA_NAMES.get(name, name)
        case str():
            return SCHEMA_NAMES.get(document, document)
    return document

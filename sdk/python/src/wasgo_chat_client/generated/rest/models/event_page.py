from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.conversation_changed import ConversationChanged
    from ..models.message_deleted import MessageDeleted
    from ..models.message_edited import MessageEdited
    from ..models.new_message import NewMessage
    from ..models.participant_added import ParticipantAdded
    from ..models.participant_removed import ParticipantRemoved
    from ..models.participant_updated import ParticipantUpdated
    from ..models.reaction_update import ReactionUpdate


T = TypeVar("T", bound="EventPage")


@_attrs_define
class EventPage:
    """A page of the log, oldest event first, as event frames.

    Attributes:
        next_ (None | str): Cursor of the next page; null on the last page.
        previous (None | str): Cursor of the previous page; null on the first page.
        results (list[ConversationChanged | MessageDeleted | MessageEdited | NewMessage | ParticipantAdded |
            ParticipantRemoved | ParticipantUpdated | ReactionUpdate]):
        last_seq (int):
        purged_seq (int):
        epoch (str): The epoch of the log. Send it back with `after_seq`; a `seq` of another epoch means nothing.
    """

    next_: None | str
    previous: None | str
    results: list[
        ConversationChanged
        | MessageDeleted
        | MessageEdited
        | NewMessage
        | ParticipantAdded
        | ParticipantRemoved
        | ParticipantUpdated
        | ReactionUpdate
    ]
    last_seq: int
    purged_seq: int
    epoch: str

    def to_dict(self) -> dict[str, Any]:
        from ..models.conversation_changed import ConversationChanged  # noqa: PLC0415
        from ..models.message_deleted import MessageDeleted  # noqa: PLC0415
        from ..models.message_edited import MessageEdited  # noqa: PLC0415
        from ..models.new_message import NewMessage  # noqa: PLC0415
        from ..models.participant_added import ParticipantAdded  # noqa: PLC0415
        from ..models.participant_removed import ParticipantRemoved  # noqa: PLC0415
        from ..models.participant_updated import ParticipantUpdated  # noqa: PLC0415
        from ..models.reaction_update import ReactionUpdate  # noqa: PLC0415

        next_: None | str
        next_ = self.next_

        previous: None | str
        previous = self.previous

        results = []
        for results_item_data in self.results:
            results_item: dict[str, Any]
            if isinstance(results_item_data, NewMessage):
                results_item = results_item_data.to_dict()
            elif isinstance(results_item_data, MessageEdited):
                results_item = results_item_data.to_dict()
            elif isinstance(results_item_data, MessageDeleted):
                results_item = results_item_data.to_dict()
            elif isinstance(results_item_data, ReactionUpdate):
                results_item = results_item_data.to_dict()
            elif isinstance(results_item_data, ParticipantAdded):
                results_item = results_item_data.to_dict()
            elif isinstance(results_item_data, ParticipantUpdated):
                results_item = results_item_data.to_dict()
            elif isinstance(results_item_data, ParticipantRemoved):
                results_item = results_item_data.to_dict()
            else:
                results_item = results_item_data.to_dict()

            results.append(results_item)

        last_seq = self.last_seq

        purged_seq = self.purged_seq

        epoch = self.epoch

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "next": next_,
                "previous": previous,
                "results": results,
                "last_seq": last_seq,
                "purged_seq": purged_seq,
                "epoch": epoch,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.conversation_changed import ConversationChanged  # noqa: PLC0415
        from ..models.message_deleted import MessageDeleted  # noqa: PLC0415
        from ..models.message_edited import MessageEdited  # noqa: PLC0415
        from ..models.new_message import NewMessage  # noqa: PLC0415
        from ..models.participant_added import ParticipantAdded  # noqa: PLC0415
        from ..models.participant_removed import ParticipantRemoved  # noqa: PLC0415
        from ..models.participant_updated import ParticipantUpdated  # noqa: PLC0415
        from ..models.reaction_update import ReactionUpdate  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        def _parse_previous(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        previous = _parse_previous(d.pop("previous"))

        results = []
        _results = d.pop("results")
        for results_item_data in _results:

            def _parse_results_item(
                data: object,
            ) -> (
                ConversationChanged
                | MessageDeleted
                | MessageEdited
                | NewMessage
                | ParticipantAdded
                | ParticipantRemoved
                | ParticipantUpdated
                | ReactionUpdate
            ):
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    results_item_type_0 = NewMessage.from_dict(data)

                    return results_item_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    results_item_type_1 = MessageEdited.from_dict(data)

                    return results_item_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    results_item_type_2 = MessageDeleted.from_dict(data)

                    return results_item_type_2
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    results_item_type_3 = ReactionUpdate.from_dict(data)

                    return results_item_type_3
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    results_item_type_4 = ParticipantAdded.from_dict(data)

                    return results_item_type_4
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    results_item_type_5 = ParticipantUpdated.from_dict(data)

                    return results_item_type_5
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    results_item_type_6 = ParticipantRemoved.from_dict(data)

                    return results_item_type_6
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                results_item_type_7 = ConversationChanged.from_dict(data)

                return results_item_type_7

            results_item = _parse_results_item(results_item_data)

            results.append(results_item)

        last_seq = d.pop("last_seq")

        purged_seq = d.pop("purged_seq")

        epoch = d.pop("epoch")

        event_page = cls(
            next_=next_,
            previous=previous,
            results=results,
            last_seq=last_seq,
            purged_seq=purged_seq,
            epoch=epoch,
        )

        return event_page

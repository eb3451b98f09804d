"""The contract of `notifications.delivery.base.DeliveryChannel`."""

from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from wasgo_chat.core.encoding import new_id
from wasgo_chat.notifications.channels import ChannelSpec
from wasgo_chat.notifications.delivery.base import DeliveryChannel, DeliveryFailed, OutcomeUnknown
from wasgo_chat.notifications.delivery.digest import DigestItem, NotificationDigest


class ReceiverControl(Protocol):
    """Controls the receiver of a channel."""

    def accepted(self, digest: NotificationDigest) -> list[Any]:
        """The identities (`Message-ID`, `webhook-id`, …) under which a digest was accepted, one per acceptance."""

    def refuse(self, *, is_final: bool) -> None:
        """Refuse the next delivery."""

    def drop_reply(self) -> None:
        """Accept the next delivery and close the connection without a reply."""


LONE_SURROGATE = "Deal \ud800"


def make_digest(**changes: Any) -> NotificationDigest:
    message_id, conversation_id = new_id(), new_id()
    now = datetime.now(UTC)
    item = DigestItem(new_id(), message_id, 1, "message", "ana", "Ana", now, None)
    values: dict[str, Any] = {
        "id": new_id(),
        "user_id": f"user-{new_id()}",
        "conversation_id": conversation_id,
        "conversation_type": "direct",
        "title": "Ana",
        "count": 1,
        "items": [item],
        "link": None,
    }
    return NotificationDigest(**{**values, **changes})


class Handover:
    """A `before_handover` that counts its calls, and can report that the claim was lost."""

    class ClaimLost(Exception):
        pass

    def __init__(self, *, is_lost: bool = False) -> None:
        self.calls = 0
        self.is_lost = is_lost

    async def __call__(self) -> None:
        self.calls += 1
        if self.is_lost:
            raise self.ClaimLost


class DeliveryChannelContract:
    """Derive from this class, set `spec`, and provide the fixtures below."""

    spec: ChannelSpec

    @pytest.fixture
    def channel(self) -> DeliveryChannel:
        """The channel, connected to the receiver. The fixture closes it."""
        raise NotImplementedError

    @pytest.fixture
    def unreachable(self) -> tuple[DeliveryChannel, NotificationDigest]:
        """The channel and a digest, for a receiver that accepts no connection."""
        raise NotImplementedError

    @pytest.fixture
    def control(self) -> ReceiverControl:
        """Controls the receiver, which accepts everything at first."""
        raise NotImplementedError

    @pytest.fixture
    def digest(self) -> NotificationDigest:
        """A digest with the target that the channel needs; `make_digest` makes the rest."""
        raise NotImplementedError

    @pytest.fixture
    def unsendable(self) -> list[NotificationDigest]:
        """Digests that can never be sent, whatever the receiver does."""
        raise NotImplementedError

    async def test_what_can_never_be_sent_is_a_final_failure(
        self, channel: DeliveryChannel, control: ReceiverControl, unsendable: list[NotificationDigest]
    ) -> None:
        for digest in unsendable:
            handover = Handover()
            with pytest.raises(DeliveryFailed) as failed:
                await channel.send(digest, handover)
            assert (failed.value.is_final, handover.calls) == (True, 0), digest
            assert digest.user_id not in failed.value.reason
            assert control.accepted(digest) == []

    async def test_delivers_once_accepted(
        self, channel: DeliveryChannel, control: ReceiverControl, digest: NotificationDigest
    ) -> None:
        handover = Handover()
        await channel.send(digest, handover)
        assert len(control.accepted(digest)) == 1
        assert handover.calls == (0 if self.spec.is_idempotent else 1)

    async def test_a_repetition_has_the_same_identity(
        self, channel: DeliveryChannel, control: ReceiverControl, digest: NotificationDigest
    ) -> None:
        for _ in range(2):
            await channel.send(digest, Handover())
        first, second = control.accepted(digest)
        assert first == second

    @pytest.mark.parametrize("is_final", [False, True])
    async def test_a_refusal_is_a_failure(
        self, channel: DeliveryChannel, control: ReceiverControl, digest: NotificationDigest, is_final: bool
    ) -> None:
        control.refuse(is_final=is_final)
        with pytest.raises(DeliveryFailed) as failed:
            await channel.send(digest, Handover())
        assert failed.value.is_final is is_final
        assert digest.user_id not in failed.value.reason
        assert control.accepted(digest) == []
        if not is_final:
            await channel.send(digest, Handover())
            assert len(control.accepted(digest)) == 1

    async def test_an_unreachable_receiver_is_a_failure_before_the_handover(
        self, unreachable: tuple[DeliveryChannel, NotificationDigest]
    ) -> None:
        channel, digest = unreachable
        handover = Handover()
        with pytest.raises(DeliveryFailed) as failed:
            await channel.send(digest, handover)
        assert (failed.value.is_final, handover.calls) == (False, 0)

    async def test_without_a_reply_the_outcome_is_unknown_unless_a_repetition_is_harmless(
        self, channel: DeliveryChannel, control: ReceiverControl, digest: NotificationDigest
    ) -> None:
        control.drop_reply()
        with pytest.raises(DeliveryFailed if self.spec.is_idempotent else OutcomeUnknown) as failed:
            await channel.send(digest, Handover())
        if isinstance(failed.value, DeliveryFailed):
            assert not failed.value.is_final

    async def test_nothing_is_handed_over_once_the_claim_is_lost(
        self, channel: DeliveryChannel, control: ReceiverControl, digest: NotificationDigest
    ) -> None:
        if self.spec.is_idempotent:
            return  # it does not ask
        with pytest.raises(Handover.ClaimLost):
            await channel.send(digest, Handover(is_lost=True))
        assert control.accepted(digest) == []

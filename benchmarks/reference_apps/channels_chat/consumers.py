"""The consumer: stores each message with the ORM, then `group_send`."""

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import transaction

from channels_chat.models import Conversation, Message, Participant
from channels_chat.shapes import message_shape
from channels_chat.tokens import user_of


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """A socket of one conversation."""

    async def connect(self):
        """Check the token and membership, join the group and send `hello`."""
        self.conversation_id = str(self.scope["url_route"]["kwargs"]["conversation_id"])
        self.user = await database_sync_to_async(user_of)(dict(self.scope["headers"]).get(b"authorization", b""))
        last_seq = await self.enter() if self.user else None
        await self.accept()
        if last_seq is None:
            await self.close(4404)
            return
        self.group = f"chat_{self.conversation_id}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.send_json({"type": "hello", "user_id": self.user.username, "last_seq": last_seq})

    async def disconnect(self, code):
        """Leave the group."""
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content):
        """Store the message, send it to the group and acknowledge it."""
        message = await self.store(content)
        frame = {
            "type": "new_message",
            "conversation_id": self.conversation_id,
            "seq": message["seq"],
            "message": message,
        }
        await self.channel_layer.group_send(self.group, {"type": "chat.message", "frame": frame})
        await self.send_json(
            {
                "type": "ack",
                "ref": content["ref"],
                "message_id": message["id"],
                "seq": message["seq"],
                "created_at": message["created_at"],
            }
        )

    async def chat_message(self, event):
        """Forward a message of the group."""
        await self.send_json(event["frame"])

    @database_sync_to_async
    def enter(self):
        """The last seq of the conversation, or None if the user is not a member."""
        return (
            Conversation.objects.filter(id=self.conversation_id, participant__user=self.user)
            .values_list("last_seq", flat=True)
            .first()
        )

    @database_sync_to_async
    def store(self, content):
        """Store a message with the next seq, under the row lock of the conversation."""
        with transaction.atomic():
            conversation = Conversation.objects.select_for_update(no_key=True).get(id=self.conversation_id)
            if not Participant.objects.filter(conversation=conversation, user=self.user).exists():
                raise PermissionError
            earlier = Message.objects.filter(
                conversation=conversation, sender=self.user, client_id=content["client_id"]
            ).first()
            if earlier:
                return message_shape(earlier)
            conversation.last_seq += 1
            conversation.save(update_fields=["last_seq"])
            message = Message(
                conversation=conversation,
                seq=conversation.last_seq,
                sender=self.user,
                content=content["content"],
                client_id=content["client_id"],
            )
            message.save(force_insert=True)
        message._prefetched_objects_cache = {"reactions": Message.objects.none()}  # a new message has no reactions
        return message_shape(message)

"""Conversations, participants and messages, numbered per conversation."""

import uuid

from django.conf import settings
from django.db import models


class Conversation(models.Model):
    """A conversation with the seq of its last message."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=200, default="")
    last_seq = models.BigIntegerField(default=0)


class Participant(models.Model):
    """A member of a conversation."""

    conversation = models.ForeignKey(Conversation, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

    class Meta:
        """One row per conversation and user."""

        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="one_seat")]


class Message(models.Model):
    """A message."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    conversation = models.ForeignKey(Conversation, models.CASCADE)
    seq = models.BigIntegerField()
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    message_type = models.CharField(max_length=20, default="text")
    content = models.TextField()
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True)
    metadata = models.JSONField(default=dict)
    client_id = models.CharField(max_length=64, null=True)
    is_edited = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Ordered by seq, unique by client id."""

        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="one_seq"),
            models.UniqueConstraint(fields=["conversation", "sender", "client_id"], name="one_client_id"),
        ]


class Reaction(models.Model):
    """An emoji of a user on a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    emoji = models.CharField(max_length=16)

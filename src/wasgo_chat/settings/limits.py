"""Settings: sizes and rates that one user or address cannot exceed."""

from typing import ClassVar

from pydantic import BaseModel, Field

from wasgo_chat.core.encoding import MAX_LIST_ITEMS, MAX_TEXT_CHARS


class LimitSettings(BaseModel):
    """Sizes and rates that one user or address cannot exceed."""

    heading: ClassVar[str] = "Limits"

    max_content_chars: int = Field(
        10_000, ge=1, le=MAX_TEXT_CHARS, description="Maximum characters of a message, at most 100,000."
    )
    max_json_bytes: int = Field(
        131_072,
        ge=1024,
        description="Maximum bytes of a JSON body, and of a form's fields. A larger body is rejected with 413.",
    )
    max_body_bytes: int = Field(
        1_048_576,
        ge=1024,
        description="Maximum bytes of the JSON bodies that only services send, with many participants.",
    )
    max_metadata_bytes: int = Field(8_192, ge=2, description="Maximum bytes of `metadata` or `settings` as JSON.")
    max_metadata_depth: int = Field(8, ge=1, description="Maximum nesting depth of `metadata` or `settings`.")
    max_participants: int = Field(
        500, ge=2, le=MAX_LIST_ITEMS, description="Maximum participants of a conversation, at most 5,000."
    )
    max_user_participants: int = Field(
        20, ge=2, description="Maximum participants of a conversation that a user created, if users add them."
    )
    max_open_support: int = Field(
        20, ge=1, description="Maximum open support conversations of a user. Further ones are rejected with 409."
    )
    max_reactions_per_user: int = Field(20, ge=1, description="Maximum different reactions of one user to one message.")
    max_batch_read: int = Field(
        500, ge=1, le=MAX_LIST_ITEMS, description="Maximum messages per `mark_multiple_read`, at most 5,000."
    )
    max_edits: int = Field(100, ge=1, description="Maximum edits of a message. Further edits are rejected with 409.")
    message_rate: int = Field(
        30,
        ge=0,
        description="Messages, edits, reactions and deletions per window, user and conversation. 0: unlimited.",
    )
    message_rate_window_s: int = Field(10, ge=1, description="Length of the `MESSAGE_RATE` window.")
    rate_messages_per_minute: int = Field(
        600,
        ge=0,
        description="Messages, edits, reactions and deletions of a user over all conversations, per worker, unless "
        "`MESSAGE_RATE` is 0. Messages to unknown conversations count, too. 0: unlimited.",
    )
    max_waiting_sends: int = Field(
        5_000,
        ge=10,
        description="Maximum messages waiting to be stored, a tenth of them for one conversation. Further "
        "messages are rejected with 429.",
    )
    rate_reads_per_minute: int = Field(
        1200,
        ge=0,
        description="GET requests per user and worker. A list counts as one, and one more for each ten conversations, "
        "25 events or 50 messages that it may have; one conversation counts as three. 0: unlimited.",
    )
    max_concurrent_reads: int = Field(
        8,
        ge=1,
        description="GET requests of a user that a worker processes at a time, and two for conversations or events. "
        "Others wait; they are rejected with 429 if 50 are waiting.",
    )
    max_concurrent_forms: int = Field(
        4,
        ge=1,
        description="Forms with files of a user that a worker receives at a time. Others wait; they are rejected with "
        "429 if 50 are waiting.",
    )
    rate_writes_per_minute: int = Field(
        300, ge=0, description="Other requests per user, except messages, uploads and tickets. 0: unlimited."
    )
    rate_uploads_per_minute: int = Field(
        60, ge=0, description="Files per user, uploaded or sent with a message. 0: unlimited."
    )
    rate_megapixels_per_minute: int = Field(
        1_200, ge=0, description="Millions of pixels in the images of a user. 0: unlimited."
    )
    rate_decoder_s_per_minute: int = Field(
        30, ge=0, description="Seconds of CPU time for cleaning files, per user and worker. 0: unlimited."
    )
    rate_tickets_per_minute: int = Field(60, ge=0, description="Socket tickets per user. 0: unlimited.")
    rate_push_subscriptions_per_minute: int = Field(
        10, ge=0, description="Push subscriptions that a user adds. Each looks a host name up. 0: unlimited."
    )
    rate_people_per_minute: int = Field(
        60, ge=0, description="Participants that a user adds to conversations, including new direct ones. 0: unlimited."
    )
    rate_frames_per_minute: int = Field(
        1200,
        ge=0,
        description="Socket frames per user and worker, except messages. 25 replayed events count as one. A tenth of "
        "them may be refused before the socket is closed with 4429. 0: unlimited.",
    )
    rate_connects_per_minute: int = Field(
        120, ge=0, description="Sockets that a user opens, per worker. Further ones are closed with 4429. 0: unlimited."
    )
    rate_address_per_minute: int = Field(
        6000,
        ge=0,
        description="Requests and new sockets per public address and worker, except requests of services. 0: "
        "unlimited.",
    )
    rate_failures_per_minute: int = Field(
        120, ge=0, description="Rejected tokens per public address and worker before 429. 0: unlimited."
    )
    rate_refused_per_minute: int = Field(
        300,
        ge=0,
        description="Requests with a 4xx response per user and worker, and four times as many without a token per "
        "public address, before all of that client's requests are rejected with 429. 0: unlimited.",
    )
    idempotency_ttl_h: int = Field(24, ge=1, description="Lifetime of an `Idempotency-Key`.")

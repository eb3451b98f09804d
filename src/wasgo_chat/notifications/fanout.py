"""Fan-out on write: each message becomes notifications of the participants who want them, and planned deliveries.

Runs as a consumer of the feed, in the transaction that advances its offsets, so each event is processed once. One SQL
statement handles any number of messages and participants. Its conditions are those of `policy.wants_kind`,
`policy.is_muted` and `policy.allows`; `tests/notifications/test_fanout.py` checks that both agree.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from wasgo_chat.events.ranges import SeqRange
from wasgo_chat.events.types import MessageSent
from wasgo_chat.feed.handler import FeedEvent
from wasgo_chat.notifications.channels import CHANNELS, Target, enabled_channels
from wasgo_chat.notifications.listing import NotificationsCreated
from wasgo_chat.settings.config import Settings

# A UUIDv7 (RFC 9562, section 5.7) in two halves of hexadecimal digits. PostgreSQL has `uuidv7()` from 18 on.
_UUID7_RANDOM = "right(encode(uuid_send(gen_random_uuid()), 'hex'), 16)"


def _uuid7_time(sequence: str) -> str:
    """The first half: milliseconds, the version, and 12 bits that order the ids of one millisecond."""
    return f"""lpad(to_hex(CAST(floor(extract(epoch FROM statement_timestamp()) * 1000) AS bigint)), 12, '0')
        || '7' || lpad(to_hex(CAST({sequence} AS integer)), 3, '0')"""


_RECIPIENTS = {
    Target.EMAIL_ADDRESS: "SELECT '{channel}' AS channel, '' AS target WHERE u.email <> '' AND {is_allowed}",
    Target.PUSH_SUBSCRIPTION: """SELECT '{channel}' AS channel, CAST(s.id AS text) AS target
        FROM push_subscriptions s WHERE s.user_id = r.user_id AND {is_allowed}""",
    Target.NONE: "SELECT '{channel}' AS channel, '' AS target WHERE {is_allowed}",
}
_TARGETS = "\n        UNION ALL\n        ".join(
    _RECIPIENTS[spec.target].format(channel=name, is_allowed=f"COALESCE(c.{name}, g.{name}, true)")
    for name, spec in CHANNELS.items()
)

_FAN_OUT = f"""
WITH new_messages AS (
    SELECT m.conversation_id, m.id, m.seq, m.number, m.sender_id, m.mentions, m.created_at,
           replied.sender_id AS replied_to, {_uuid7_time("m.seq - input.after")} AS id_time
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS input(conversation_id, after, up_to)
    JOIN messages m ON m.conversation_id = input.conversation_id AND m.seq > input.after AND m.seq <= input.up_to
    LEFT JOIN messages replied ON replied.conversation_id = m.conversation_id AND replied.id = m.reply_to
    WHERE m.message_type <> 'system' AND m.deleted_at IS NULL
), notified AS (
    INSERT INTO notifications (id, user_id, conversation_id, message_id, seq, number, kind, created_at)
    SELECT CAST(m.id_time || {_UUID7_RANDOM} AS uuid), p.user_id, m.conversation_id, m.id, m.seq, m.number,
           effective.kind, m.created_at
    FROM new_messages m
    JOIN participants p ON p.conversation_id = m.conversation_id AND p.left_seq IS NULL
        AND p.user_id <> m.sender_id AND p.joined_number < m.number
    LEFT JOIN notification_preferences g ON g.user_id = p.user_id
    LEFT JOIN conversation_preferences c ON c.user_id = p.user_id AND c.conversation_id = p.conversation_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN p.user_id = ANY(m.mentions) THEN 'mention'
                    WHEN p.user_id = m.replied_to THEN 'reply' ELSE 'message' END AS kind,
               COALESCE(c.level, g.level, 'all') AS level
    ) AS effective
    WHERE (effective.level = 'all' OR (effective.level = 'mentions' AND effective.kind <> 'message'))
      AND NOT COALESCE(g.muted_until > m.created_at, false)
      AND NOT COALESCE(c.muted_until > m.created_at, false)
    ON CONFLICT (user_id, conversation_id, number) DO NOTHING
    RETURNING user_id, conversation_id, number
), ranges AS (
    SELECT user_id, conversation_id, min(number) AS first, max(number) AS last
    FROM notified WHERE cardinality($4::text[]) > 0 GROUP BY user_id, conversation_id
), planned AS (
    INSERT INTO deliveries AS d (id, user_id, conversation_id, channel, target, first_number, last_number, due_at)
    SELECT CAST({_uuid7_time("0")} || {_UUID7_RANDOM} AS uuid), r.user_id, r.conversation_id, t.channel, t.target,
           r.first, r.last, clock_timestamp() + make_interval(secs => $5)
    FROM ranges r
    JOIN users u ON u.id = r.user_id AND u.erased_at IS NULL
    LEFT JOIN notification_preferences g ON g.user_id = r.user_id
    LEFT JOIN conversation_preferences c ON c.user_id = r.user_id AND c.conversation_id = r.conversation_id
    CROSS JOIN LATERAL (
        {_TARGETS}
    ) AS t
    WHERE t.channel = ANY($4::text[])
    -- In key order, as two consumers may update deliveries of one user at the same time. The row lock keeps the
    -- dispatcher from deciding before the notifications are visible.
    ORDER BY r.user_id, r.conversation_id, t.channel, t.target
    ON CONFLICT (user_id, conversation_id, channel, target) WHERE state = 'pending'
    DO UPDATE SET last_number = greatest(d.last_number, excluded.last_number)
)
SELECT DISTINCT conversation_id FROM notified
"""  # noqa: S608  composed of constants


class NotificationFanout:
    """The handler of the consumer `notifications` (`feed.handler.Handler`).

    Args:
        settings: which channels are enabled, and how long deliveries wait (`NOTIFY_DELAY_S`).
    """

    def __init__(self, settings: Settings) -> None:
        self._channels = enabled_channels(settings)
        self._delay_s = settings.notify_delay_s

    async def __call__(
        self, connection: "asyncpg.Connection[asyncpg.Record]", events: Sequence[FeedEvent]
    ) -> Sequence[NotificationsCreated]:
        """Create the notifications and deliveries for events of many conversations."""
        ranges = _ranges_of(event for event in events if event.type == MessageSent.type and not event.is_imported)
        if not ranges:
            return []
        ids, afters = [seqs.conversation_id for seqs in ranges], [seqs.after for seqs in ranges]
        up_tos = [seqs.up_to for seqs in ranges]
        rows = await connection.fetch(_FAN_OUT, ids, afters, up_tos, self._channels, self._delay_s)
        notified = {row["conversation_id"] for row in rows}
        return [NotificationsCreated([seqs for seqs in ranges if seqs.conversation_id in notified])] if notified else []


def _ranges_of(events: Iterable[FeedEvent]) -> list[SeqRange]:
    """The events as ranges of consecutive seqs."""
    ranges: list[SeqRange] = []
    latest: dict[UUID, int] = {}  # the index of a conversation's latest range
    for event in events:
        index = latest.get(event.conversation_id)
        if index is not None and ranges[index].up_to == event.seq - 1:
            ranges[index] = SeqRange(event.conversation_id, ranges[index].after, event.seq)
        else:
            latest[event.conversation_id] = len(ranges)
            ranges.append(SeqRange(event.conversation_id, event.seq - 1, event.seq))
    return ranges

"""From the log to the list: each message becomes notifications of those who want it, and deliveries to be decided.

Runs as a reader of the log, in the transaction that moves its cursors, so an event is told of once. Everything
happens in the database, in one statement for any number of messages and members: who wants what is the rule of
`policy.wants_kind`, `rules.is_muted` and `rules.allows`, in SQL.
"""

from collections.abc import Sequence

import asyncpg

from wasgo_chat.core.config import Settings
from wasgo_chat.events.offsets import SeqRange
from wasgo_chat.notifications.listing import NotificationsCreated

# A UUIDv7 (RFC 9562, 5.7) in two halves: milliseconds with the place in the span, so that ids sort as the messages do,
# and chance. PostgreSQL makes them itself from 18 on.
_HALF = """lpad(to_hex(CAST(floor(extract(epoch FROM statement_timestamp()) * 1000) AS bigint)), 12, '0')
    || '7' || lpad(to_hex(CAST(PLACE AS integer)), 3, '0')"""
_UUID7 = "right(encode(uuid_send(gen_random_uuid()), 'hex'), 16)"

_FAN_OUT = """
WITH said AS (
    SELECT m.conversation_id, m.id, m.seq, m.number, m.sender_id, m.mentions, m.created_at,
           r.sender_id AS replied_to, HALF_OF_ID AS half
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS s(conversation_id, after, up_to)
    JOIN messages m ON m.conversation_id = s.conversation_id AND m.seq > s.after AND m.seq <= s.up_to
    LEFT JOIN messages r ON r.conversation_id = m.conversation_id AND r.id = m.reply_to
    WHERE m.message_type <> 'system' AND m.deleted_at IS NULL
), told AS (
    INSERT INTO notifications (id, user_id, conversation_id, message_id, seq, number, kind, created_at)
    SELECT CAST(said.half || CHANCE AS uuid), p.user_id, said.conversation_id, said.id, said.seq,
           said.number, what.kind, said.created_at
    FROM said
    JOIN participants p ON p.conversation_id = said.conversation_id AND p.left_seq IS NULL
        AND p.user_id <> said.sender_id AND p.joined_number < said.number
    LEFT JOIN notification_preferences g ON g.user_id = p.user_id
    LEFT JOIN conversation_preferences h ON h.user_id = p.user_id AND h.conversation_id = p.conversation_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN p.user_id = ANY(said.mentions) THEN 'mention'
                    WHEN p.user_id = said.replied_to THEN 'reply' ELSE 'message' END AS kind,
               COALESCE(h.level, g.level, 'all') AS level
    ) AS what
    WHERE (what.level = 'all' OR (what.level = 'mentions' AND what.kind <> 'message'))
      AND NOT COALESCE(g.muted_until > said.created_at, false)
      AND NOT COALESCE(h.muted_until > said.created_at, false)
    ON CONFLICT (user_id, conversation_id, number) DO NOTHING
    RETURNING user_id, conversation_id, number
), reached AS (
    SELECT user_id, conversation_id, min(number) AS first, max(number) AS last
    FROM told WHERE cardinality($4::text[]) > 0 GROUP BY user_id, conversation_id
), planned AS (
    INSERT INTO deliveries AS d (id, user_id, conversation_id, channel, target, first_number, last_number, due_at)
    SELECT CAST(HALF || CHANCE AS uuid), t.user_id, t.conversation_id, c.channel, c.target, t.first, t.last,
           clock_timestamp() + make_interval(secs => $5)
    FROM reached t
    JOIN users u ON u.id = t.user_id
    LEFT JOIN notification_preferences g ON g.user_id = t.user_id
    LEFT JOIN conversation_preferences h ON h.user_id = t.user_id AND h.conversation_id = t.conversation_id
    CROSS JOIN LATERAL (
        SELECT 'email' AS channel, '' AS target WHERE u.email <> '' AND COALESCE(h.email, g.email, true)
        UNION ALL
        SELECT 'push', CAST(b.id AS text) FROM push_subscriptions b
        WHERE b.user_id = t.user_id AND COALESCE(h.push, g.push, true)
        UNION ALL
        SELECT 'webhook', '' WHERE COALESCE(h.webhook, g.webhook, true)
    ) AS c
    WHERE c.channel = ANY($4::text[])
    -- In key order, as two readers may reach for deliveries of one user. The lock keeps the dispatcher from deciding
    -- before the notifications are there to see.
    ORDER BY t.user_id, t.conversation_id, c.channel, c.target
    ON CONFLICT (user_id, conversation_id, channel, target) WHERE state = 'pending'
    DO UPDATE SET last_number = greatest(d.last_number, excluded.last_number)
)
SELECT DISTINCT conversation_id FROM told
"""
for _name, _sql in (
    ("HALF_OF_ID", _HALF.replace("PLACE", "m.seq - s.after")),
    ("HALF", _HALF.replace("PLACE", "0")),
    ("CHANCE", _UUID7),
):
    _FAN_OUT = _FAN_OUT.replace(_name, _sql)


def channels_of(settings: Settings) -> list[str]:
    """The channels that are set up."""
    set_up = {
        "email": settings.smtp_url is not None,
        "push": settings.vapid_private_key is not None,
        "webhook": settings.notify_webhook_url is not None,
    }
    return [channel for channel, is_set_up in set_up.items() if is_set_up]


async def skip_events(connection: "asyncpg.Connection[asyncpg.Record]", spans: Sequence[SeqRange]) -> Sequence[object]:
    """Handle events without creating notifications, where the feature is off."""
    return ()


class NotificationFanout:
    """What the reader of notifications does with events.

    Args:
        settings: which channels are set up, and how long deliveries wait.
    """

    def __init__(self, settings: Settings) -> None:
        self._channels = channels_of(settings)
        self._delay_s = settings.notify_delay_s

    async def __call__(
        self, connection: "asyncpg.Connection[asyncpg.Record]", spans: Sequence[SeqRange]
    ) -> Sequence[NotificationsCreated]:
        """Tell of events of many conversations; see `events.consumers.Handle`."""
        ids, afters = [span.conversation_id for span in spans], [span.after for span in spans]
        up_tos = [span.up_to for span in spans]
        found = await connection.fetch(_FAN_OUT, ids, afters, up_tos, self._channels, self._delay_s)
        told = {record[0] for record in found}
        return [NotificationsCreated([span for span in spans if span.conversation_id in told])] if told else []

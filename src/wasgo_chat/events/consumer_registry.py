"""The consumers of the log, such as the fan-out of notifications or a webhook for all events.

To add a consumer, name it in `CONSUMERS` and in `consumers` of its feature. The feature runs it in `build`, and in
`build_off` with a handler that skips events: pending markers stay until every consumer has reached them. A new consumer
starts at offset 0: with a conversation's next event it also handles all earlier ones, unless its offsets were set
before, as `offsets.skip_to` does.
"""

CONSUMERS = ("notifications",)
"""The names of all consumers. A pending marker stays until every one of them has reached its head."""

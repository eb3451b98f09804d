"""The demo world of `wasgo-chat dev`: people, what they said, and the door where the page gets their tokens."""

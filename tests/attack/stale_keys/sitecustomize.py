"""On the PYTHONPATH of a service, this makes the keys of its JWKS stale after a second instead of ten minutes."""

import contextlib

with contextlib.suppress(ImportError):  # other programs inherit the path too
    from wasgo_chat.identity import jwks

    jwks.TTL_S = 1.0

"""From a bearer token to a user."""

import jwt
from django.conf import settings
from django.contrib.auth.models import User


def user_of(authorization):
    """The user, or None."""
    try:
        claims = jwt.decode(
            authorization.removeprefix(b"Bearer "),
            settings.JWT_SECRET,
            ["HS256"],
            audience="wasgo-chat",
            issuer="wasgo",
        )
    except jwt.InvalidTokenError:
        return None
    return User.objects.filter(username=claims["sub"]).first()

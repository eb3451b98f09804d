"""Django settings; addresses and the key come from the environment."""

import os
from urllib.parse import parse_qs, urlsplit

_database = urlsplit(os.environ["CHAT_DATABASE_URL"])

SECRET_KEY = JWT_SECRET = os.environ["CHAT_JWT_SECRET"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "channels", "channels_chat"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "channels_chat.urls"
ASGI_APPLICATION = "channels_chat.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.removeprefix("/"),
        "USER": _database.username,
        "HOST": parse_qs(_database.query)["host"][0],
        # Django recommends a pool instead of persistent connections under ASGI.
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"pool": {"min_size": 4, "max_size": 13}},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": os.environ.get("CHAT_LAYER", "channels_redis.core.RedisChannelLayer"),
        "CONFIG": {"hosts": [os.environ["CHAT_REDIS_URL"]], "capacity": 1500},
    }
}
LOGGING = {"version": 1, "disable_existing_loggers": True}

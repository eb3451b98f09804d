"""The ASGI application, HTTP and sockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "channels_chat.settings")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  after Django is set up
from django.urls import path  # noqa: E402  after the set-up of Django

from channels_chat.consumers import ChatConsumer  # noqa: E402  after the set-up of Django

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": URLRouter([path("ws/chat/<uuid:conversation_id>/", ChatConsumer.as_asgi())]),
    }
)

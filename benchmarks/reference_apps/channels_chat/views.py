"""History, as a plain view."""

from django.http import HttpResponse, JsonResponse

from channels_chat.models import Conversation, Message
from channels_chat.shapes import message_shape
from channels_chat.tokens import user_of

PAGE = 50


def messages(request):
    """The last messages of a conversation, newest first."""
    user = user_of(request.headers.get("authorization", "").encode())
    if user is None:
        return HttpResponse(status=401)
    conversation = Conversation.objects.filter(id=request.GET["conversation"], participant__user=user).first()
    if conversation is None:
        return HttpResponse(status=404)
    rows = Message.objects.filter(conversation=conversation).order_by("-seq")
    if before := request.GET.get("before_seq"):
        rows = rows.filter(seq__lt=int(before))
    rows = list(rows.select_related("sender", "reply_to").prefetch_related("reactions")[: PAGE + 1])
    page = [message_shape(message) for message in rows[:PAGE]]
    following = page[-1]["seq"] if len(rows) > PAGE else None
    return JsonResponse({"results": page, "next": following, "previous": None, "last_seq": conversation.last_seq})


def ready(request):
    """Readiness."""
    return JsonResponse({"status": "ready"})

"""HTTP routes."""

from django.urls import path

from channels_chat import views

urlpatterns = [path("chat/messages/", views.messages), path("readyz", views.ready)]

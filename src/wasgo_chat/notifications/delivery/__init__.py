"""The channels: how a letter leaves by e-mail, web push or webhook."""

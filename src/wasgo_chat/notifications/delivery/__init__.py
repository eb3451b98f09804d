"""Delivery of notifications by e-mail, web push and webhook: the queue, the dispatcher and the channels."""

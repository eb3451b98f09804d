"""Delivery to the connections of this worker: the hub and its channels, replay, and the reconciler."""

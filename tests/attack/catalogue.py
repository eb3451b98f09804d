"""All attacks, by name. Importing a module of attacks declares them."""

from tests.attack import bodies, connects, control, edits, images, keys, lists, people, push, sockets
from tests.attack.attack import ATTACKS

__all__ = ["ATTACKS", "bodies", "connects", "control", "edits", "images", "keys", "lists", "people", "push", "sockets"]

"""A positive control: an attack on a service with a flaw. A run in which this does no damage notices none."""

import asyncio

from tests.attack.attack import Attacker, attack
from tests.attack.wire import text

NAME = "control"


@attack("denial", "typing, to a service that blocks and grows with the first such frame", seconds=4.5, profile="flawed")
async def control(attacker: Attacker) -> None:
    users = attacker.users(6)  # their sockets are spread over the workers

    async def one(number: int) -> None:
        async with attacker.socket("/ws/chat/", users[number]) as socket, attacker.reading(socket) as reading:
            while not reading.done():
                await socket.write(text({"type": "typing"}))
                await asyncio.sleep(0.2)

    await attacker.together(*(one(number) for number in range(len(users))))

"""A client that disconnects before its socket is set up is not an error of the service."""

from websockets.asyncio.client import connect

from tests.support.world import World, wait_until
from wasgo_chat.gateway.frames.frame_writer import FrameWriter
from wasgo_chat.server.websocket_protocol import ChatWebSocket


async def test_a_disconnect_before_the_send_buffer_exists_is_no_error(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    connections = world.worker.server.server_state.connections
    before = set(connections)
    url, headers = f"{world.worker.ws_url}/ws/chat/{chat['id']}/", {"Authorization": f"Bearer {ana.bearer}"}
    ws = await connect(url, additional_headers=headers)
    protocol = next(one for one in connections - before if isinstance(one, ChatWebSocket))
    ws.transport.abort()
    await wait_until(lambda: protocol not in connections)
    link = FrameWriter(protocol)
    link.set_limit(1_000)
    link.write(b"too late")

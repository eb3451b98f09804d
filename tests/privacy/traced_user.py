"""A user who leaves every kind of trace, each recognizable by a unique marker."""

import asyncio
import base64
import os
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.attachments.samples import picture
from tests.support.feed import until_consumed
from tests.support.workers import Worker
from tests.support.world import Json, Person, World
from wasgo_chat.development.embedded import Postgres
from wasgo_chat.identity.tokens import mint_user

TIMEOUT_S = 30.0


class TracedUser:
    """The user, their profile, their conversations, and two other users."""

    def __init__(self, world: World) -> None:
        self.world = world
        mark = world.unique("canary").replace("-", "")
        self.id = f"ana.{mark}@people.example"
        self.text = f"words-of-{mark}"
        self.profile = {
            "username": f"ana-{mark}",
            "display_name": f"Ana {mark.title()}",
            "avatar_url": f"https://pictures.example/{mark}.png",
            "email": f"mail.{mark}@people.example",
        }
        self.mark = mark
        bearer = mint_user(world.worker.settings, self.id, ttl_s=3600, username=self.profile["username"])
        self.person = Person(world, self.id, "ana", bearer)
        self.bo, self.cy = world.people("bo", "cy")

    async def create(self) -> None:
        """Create the profile and one conversation."""
        self.job = await self.world.job(admin=self.person, participant=self.bo, moderator=self.cy)
        await self.world.service.ok("PUT", f"/chat/users/{self.id}/", self.profile)

    async def leave_traces(self) -> None:
        """Use every feature that stores personal data."""
        service, ana, bo = self.world.service, self.person, self.bo
        await self.create()
        path = f"/chat/conversations/{self.job['id']}"
        note = {"content": f"{self.profile['display_name']} was assigned", "metadata": {"who": self.id}}
        await service.ok("POST", f"{path}/system_messages/", note, status=201)
        await ana.ok("PATCH", f"{path}/", {"title": f"A title: {self.text}", "metadata": {"mine": self.text}})
        self.direct = await ana.direct(bo)
        self.support = await ana.ok(
            "POST",
            "/chat/conversations/create_support_conversation/",
            {"support_type": self.mark, "title": self.text, "content": self.text},
            status=201,
            headers={"Idempotency-Key": f"key-{self.mark}"},
        )
        await self._send_messages()
        await self._upload()
        await self._subscribe()
        await self._moderate(path)

    async def _send_messages(self) -> None:
        ana, bo = self.person, self.bo
        for chat in (self.job, self.direct):
            said = await ana.send(chat, f"{self.text} 1", client_id=self.mark, metadata={"mine": self.text})
            edited = await ana.send(chat, f"{self.text} 2")
            await ana.ok("POST", f"/chat/messages/{edited['id']}/edit/", {"content": f"{self.text} 3"})
            deleted = await ana.send(chat, f"{self.text} 4")
            await ana.ok("POST", f"/chat/messages/{deleted['id']}/delete/")
            reply = await bo.send(chat, "Sure", reply_to=said["id"], mentions=[ana.id])
            await ana.ok("POST", f"/chat/messages/{reply['id']}/react/", {"emoji": "👍"})
            await bo.ok("POST", f"/chat/messages/{said['id']}/react/", {"emoji": "🎉"})
            await ana.ok("POST", f"/chat/conversations/{chat['id']}/mark_read/")
            await bo.send(chat, "Later", mentions=[ana.id], reply_to=edited["id"])
            await bo.ok("POST", f"/chat/conversations/{chat['id']}/mark_read/")

    async def _upload(self) -> None:
        ana = self.person
        own = {"conversation": self.job["id"], "message_type": "image", "content": self.text}
        files = {"files": (f"{self.mark}.jpg", picture())}
        sent = await ana.ok("POST", "/chat/messages/", data=own, files=files, status=201)
        self.picture = sent["attachments"][0]
        text = {"file": (f"{self.mark}.txt", f"file of {self.text}".encode())}
        fields = {"conversation": self.job["id"]}
        self.unclaimed = await ana.ok("POST", "/chat/attachments/", data=fields, files=text, status=201)
        own = {"conversation": self.direct["id"], "message_type": "file"}
        text = {"files": (f"{self.mark}.txt", f"second file of {self.text}".encode())}
        await ana.ok("POST", "/chat/messages/", data=own, files=text, status=201)

    async def _subscribe(self) -> None:
        ana = self.person
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64.urlsafe_b64encode(raw).decode(), "auth": base64.urlsafe_b64encode(b"a" * 16).decode()}
        body = {"endpoint": f"https://8.8.8.8/{self.mark}", "keys": keys}
        await ana.ok("POST", "/chat/push_subscriptions/", body, status=201)
        await ana.ok("PUT", "/chat/notifications/preferences/", {"level": "mentions"})
        await ana.ok("PUT", f"/chat/conversations/{self.job['id']}/notification_preferences/", {"level": "all"})
        await ana.ok("POST", "/chat/ws_tickets/", status=201)
        await self.bo.send(self.job, "One more", mentions=[ana.id])

    async def _moderate(self, path: str) -> None:
        ana, bo, cy = self.person, self.bo, self.cy
        said = await bo.send(self.job, "to be deleted by somebody else")
        await ana.ok("POST", f"/chat/messages/{said['id']}/delete/")
        await ana.ok("PATCH", f"{path}/participants/{bo.id}/", {"role": "moderator"})
        await ana.ok("POST", f"{path}/remove_participant/", {"user_id": cy.id}, status=204)
        await ana.ok("POST", f"{path}/add_participant/", {"user_id": cy.id, "role": "admin"}, status=201)
        await cy.ok("PATCH", f"{path}/participants/{ana.id}/", {"role": "moderator"})
        await self.world.service.acting_as(ana).ok("GET", f"/chat/attachments/{self.picture['id']}/")

    @property
    def conversations(self) -> list[Json]:
        return [self.job, self.direct, self.support]

    @property
    def canaries(self) -> list[str]:
        return [self.id, self.mark, self.mark.title()]

    async def erase(self) -> Json:
        answer: Json = await self.world.service.ok("DELETE", f"/chat/users/{self.id}/", status=202)
        return answer

    async def wait_erased(self) -> Json:
        return await wait_erased(self.world, self.id)


async def wait_erased(world: World, user_id: str) -> Json:
    """Wait until an erasure is done; returns its state."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            found: Json = await world.service.ok("GET", f"/chat/users/{user_id}/erasure/")
            if found["state"] == "done":
                return found
            await asyncio.sleep(0.02)


async def wait_for_consumers(world: World) -> None:
    """Wait until the consumer of the feed has created the notifications."""
    await until_consumed(world.worker)


async def dump_database(worker: Worker) -> str:
    """The complete database of a worker, as written by `pg_dump`."""
    url = str(worker.settings.database_url).replace("postgresql+asyncpg", "postgresql")
    command = [str(Postgres(Path("/nonexistent/postgres")).binaries / "pg_dump"), "--data-only", "--inserts", url]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    text, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return text.decode()


def read_files(folder: Path) -> bytes:
    """Every file name and content in a folder."""
    paths = [Path(root) / name for root, _, names in os.walk(folder) for name in names]
    return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in paths)

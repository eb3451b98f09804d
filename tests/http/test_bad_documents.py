"""Invalid documents, paths and methods: a problem document and never a crash."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.http.bodies import BODIES, CANARY, Scene
from tests.support.documents import OPENAPI

DEEP = 20_000
MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"  ",
    "half": b'{"content": "canary-7f3a',
    "no JSON": b"canary-7f3a",
    "broken UTF-8": b'{"content": "canary-7f3a\xff"}',
    "overlong UTF-8": b'{"content": "\xc0\x80"}',
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"metadata": ' + b'{"a":' * DEEP + b"1" + b"}" * (DEEP + 1),
    "only openings": b"[" * DEEP,
    "null": b"null",
    "an array": b"[]",
    "a string": b'"canary-7f3a"',
    "a number": b"17",
    "single quotes": b"{'content': 'canary-7f3a'}",
    "a control character": b'{"content": "canary-7f3a\x01"}',
    "two documents": b"{}{}",
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
async def test_an_invalid_document_is_rejected_everywhere(scene: Scene, content: bytes) -> None:
    for operation, method, path, _ in BODIES:
        answer = await scene.send(operation, method, path, content)
        assert answer["status"] in (400, 422), (operation, answer)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "x", ""]
)
async def test_another_content_type_is_rejected(scene: Scene, content_type: str) -> None:
    for operation, method, path, schema in BODIES:
        content = json.dumps({**scene.body(schema), "title": CANARY}).encode()
        answer = await scene.send(operation, method, path, content, **{"content-type": content_type})
        assert answer["status"] in (400, 415, 422), (operation, answer)


async def test_a_repeated_key_is_no_crash(scene: Scene) -> None:
    for operation, method, path, schema in BODIES:
        one = json.dumps(scene.body(schema))[1:-1] or '"metadata": {}'
        answer = await scene.send(operation, method, path, ("{" + one + "," + one + "}").encode())
        assert answer["status"] < 500, (operation, answer)


async def test_a_body_above_the_limit_is_413_however_it_is_sent(scene: Scene) -> None:
    large = b'{"content": "' + b"x" * (2 << 20) + b'"}'

    async def in_pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(large), 65_536):
            yield large[at : at + 65_536]

    for operation, method, path, _ in BODIES[:4]:
        target, headers = path.format(**scene.ids), {"content-type": "application/json"}
        for content in (large, in_pieces()):
            response = await scene.caller(operation, path).call(method, target, content=content, headers=headers)
            assert (response.status_code, response.json()["code"]) == (413, "body_too_large"), operation
            assert response.headers["X-Request-Id"]


@pytest.mark.parametrize("bad", ["x", "0", "None", "..", "%00", "%ff", "a" * 200, "🙂", "{uuid}x", "'; --"])
async def test_an_invalid_id_is_404(scene: Scene, bad: str) -> None:
    bad = bad.replace("{uuid}", str(uuid4()))
    unknown = await scene.ana.call("GET", f"/chat/messages/{uuid4()}/")
    for path in ("/chat/conversations/{}/", "/chat/conversations/{}/events/", "/chat/messages/{}/"):
        response = await scene.ana.call("GET", path.format(bad))
        assert response.status_code == 404, response.text
        assert response.content == unknown.content
    for path in ("/chat/messages/{}/delete/", "/chat/messages/{}/mark_read/", "/chat/conversations/{}/archive/"):
        await scene.ana.refused("POST", path.format(bad), status=404, code="not_found")


@pytest.mark.parametrize("bad", ["%00", "%07", "a" * 129, "%ed%a0%80"])
async def test_an_opaque_id_that_cannot_be_stored_is_404(scene: Scene, bad: str) -> None:
    await scene.ana.refused("GET", f"/jobs/{bad}/conversation/", status=404, code="not_found")
    for path in (f"/jobs/{bad}/conversation/", f"/chat/users/{bad}/"):
        response = await scene.world.service.call("PUT", path, {})
        assert response.status_code in (404, 422), response.text


async def test_a_method_that_a_path_does_not_support_is_405(scene: Scene) -> None:
    taken: dict[str, set[str]] = {}
    for path, operations in OPENAPI["paths"].items():
        taken[path] = {method.upper() for method in operations}
    for path, methods in taken.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            response = await scene.ana.call(method, path.format_map(defaultdict(lambda: "x", scene.ids)))
            if "{" in path or response.status_code != 404:
                assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed"), (method, path)


@pytest.mark.parametrize("path", ["/", "/chat/", "/chat/conversations", "/nothing/here/", "/chat//messages/"])
async def test_an_unknown_path_is_a_problem_document(scene: Scene, path: str) -> None:
    await scene.ana.refused("GET", path, status=404, code="not_found")

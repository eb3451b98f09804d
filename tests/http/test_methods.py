"""HEAD, unknown query parameters, and the path below which the service is reached."""

from collections import defaultdict

import pytest
from websockets.asyncio.client import connect

from tests.http.bodies import DOCUMENT, Scene
from tests.support.workers import make_settings
from tests.support.world import World, world_with

PARAMETERLESS = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/notifications/unsubscribe/",
    "/chat/attachments/{attachment_id}/{",
)


async def test_head_is_get_without_the_body_everywhere(scene: Scene) -> None:
    paths = [path for path, operations in DOCUMENT["paths"].items() if "get" in operations]
    for path in [*paths, "/openapi.json", "/nowhere/"]:
        url = path.format_map(defaultdict(lambda: "x", scene.ids))
        got, head = await scene.ana.client.get(url), await scene.ana.client.head(url)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers.get("content-type") == got.headers.get("content-type"), path
    answer = await scene.ana.client.post("/healthz")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_misspelled_query_parameter_is_rejected_by_every_route_of_the_api(scene: Scene) -> None:
    for path, operations in DOCUMENT["paths"].items():
        if path.startswith(PARAMETERLESS):
            continue  # by links, probes and scrapers, which may add their own
        url = path.format_map(defaultdict(lambda: "x", scene.ids))
        for method in operations.keys() & {"get", "delete"}:
            caller = scene.ana if await _is_for_users(scene, url) else scene.world.service
            answer = await caller.call(method.upper(), url, params={"referense_type": "bid"})
            if answer.status_code not in (401, 403, 404):
                assert answer.status_code == 422, (method, path, answer.text)
                assert answer.json()["errors"][0]["loc"] == ["query", "referense_type"]


async def _is_for_users(scene: Scene, url: str) -> bool:
    return (await scene.ana.client.get(url)).status_code != 403


async def test_a_name_of_a_parameter_that_is_no_name_is_not_repeated(world: World) -> None:
    ana = world.person("ana")
    answer = await ana.refused("GET", "/chat/messages/?a%20b=1&x=&limit=1", status=422, code="invalid")
    assert [error["loc"] for error in answer["errors"]] == [["query", "?"], ["query", "x"]]


@pytest.mark.parametrize("path", ["", "/api/chat"])
async def test_everything_works_below_a_path_that_a_proxy_removes_or_keeps(database: str, path: str) -> None:
    settings = make_settings(database, public_url="https://shop.example/api/chat/", api_reference=True, web=True)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        for url in ("/healthz", "/docs", "/docs/swagger-ui.css", f"/chat/conversations/{chat['id']}/", "/operator"):
            assert (await ana.client.get(path + url)).status_code == 200, url
        document = (await ana.client.get(path + "/openapi.json")).json()
        assert document["servers"] == [{"url": "/api/chat"}]
        address = f"{world.worker.ws_url}{path}/ws/chat/{chat['id']}/"
        async with connect(address, additional_headers={"Authorization": f"Bearer {ana.bearer}"}) as live:
            assert '"hello"' in str(await live.recv())
        assert (await ana.client.get(path + "x/healthz")).status_code == 404


async def test_the_reference_loads_nothing_from_elsewhere_and_is_off_by_default(world: World, database: str) -> None:
    for url in ("/docs", "/redoc", "/docs/start.js"):
        assert (await world.person("ana").client.get(url)).status_code == 404
    async with world_with(make_settings(database, api_reference=True)) as other:
        client = other.person("ana").client
        page = await client.get("/docs")
        assert "script-src 'self';" in page.headers["content-security-policy"]
        assert "//" not in page.text
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js"):
            assert name in page.text
            assert (await client.get(f"/docs/{name}")).status_code == 200
        assert (await client.get("/docs/other.js")).status_code == 404

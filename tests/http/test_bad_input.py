"""Invalid values: the response is a problem document that names the field and does not repeat the value."""

import itertools
import json

import pytest

from tests.http.bodies import BODIES, CANARY, DOCUMENT, FIELDS, Field, Scene, put

STRAYS = {"NUL": "\x00", "surrogate": "\ud800", "bell": "\x07", "vertical tab": "\x0b"}
PLACES = {"inside": (CANARY, CANARY), "in front": ("", CANARY), "at the end": (CANARY, "")}


@pytest.mark.parametrize("field", FIELDS, ids=str)
async def test_a_forbidden_character_is_rejected_in_every_string(scene: Scene, field: Field) -> None:
    schema = DOCUMENT["components"]["schemas"][field.schema]
    for stray, place in itertools.product(STRAYS, PLACES):
        body = put(scene, schema, field.loc, STRAYS[stray].join(PLACES[place]))
        answer = await scene.send(field.operation, field.method, field.path, json.dumps(body).encode())
        assert (answer["status"], answer["code"]) == (422, "invalid"), (stray, place, answer)
        for error in answer["errors"]:
            assert error.keys() == {"loc", "code", "message"}, (stray, place, answer)
        assert answer["errors"][0]["loc"][0] == field.loc[0], (stray, place, answer)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(body[0]))
async def test_unknown_fields_are_rejected(scene: Scene, body: tuple[str, str, str, str]) -> None:
    operation, method, path, schema = body
    for name in ("surprise", "nul\x00", "\ud800", "__proto__"):
        content = json.dumps({**scene.body(schema), name: CANARY}).encode()
        answer = await scene.send(operation, method, path, content)
        assert (answer["status"], answer["code"]) == (422, "invalid"), (name, answer)


WRONG_TYPES = ["1", "true", "NaN", "-Infinity", "1e400", "9" * 5000, "[]", "{}", "[[]]", '{"a": 1}', "null", '""']


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(body[0]))
async def test_a_wrong_type_is_never_a_crash(scene: Scene, body: tuple[str, str, str, str]) -> None:
    operation, method, path, schema = body
    for field in DOCUMENT["components"]["schemas"][schema]["properties"]:
        given = {name: value for name, value in scene.body(schema).items() if name != field}
        rest = json.dumps(given)[1:-1]
        for wrong in WRONG_TYPES:
            content = "{" + f'"{field}": {wrong}' + (f", {rest}" if rest else "") + "}"
            answer = await scene.send(operation, method, path, content.encode())
            assert answer["status"] < 500, (content, answer)
            if wrong in ("NaN", "-Infinity", "1e400", "[[]]", "9" * 5000):
                assert answer["status"] in (400, 422), (content, answer)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "9" * 30, str(2**63), "9" * 5000])
@pytest.mark.parametrize("operation", ["send_message", "create_conversation", "put_job_conversation"])
async def test_a_number_that_cannot_be_stored_is_rejected_in_metadata(
    scene: Scene, operation: str, number: str
) -> None:
    body = next(body for body in BODIES if body[0] == operation)
    rest = json.dumps({**scene.body(body[3]), "content": "hi"} if "send" in operation else scene.body(body[3]))[1:-1]
    content = '{"metadata": {"n": ' + number + "}" + (f", {rest}" if rest else "") + "}"
    answer = await scene.send(*body[:3], content.encode())
    assert answer["status"] in (400, 422), answer


@pytest.mark.parametrize("value", ["\ud800", "\x00", float("nan"), 10**30, [[[[[[[[1]]]]]]]]], ids=repr)
@pytest.mark.parametrize("operation", ["create_conversation", "send_system_message"])
async def test_values_that_cannot_be_stored_are_rejected_with_a_used_idempotency_key_too(
    scene: Scene, operation: str, value: object
) -> None:
    body = next(body for body in BODIES if body[0] == operation)
    key = {"Idempotency-Key": "k"}
    good = scene.body(body[3])
    assert (await scene.send(*body[:3], json.dumps(good).encode(), **key))["status"] == 201
    bad = {**good, "metadata": {"value": value}}
    assert (await scene.send(*body[:3], json.dumps(bad).encode(), **key))["status"] in (409, 422)


async def test_a_forbidden_character_is_rejected_in_every_query(scene: Scene) -> None:
    for path, operations in DOCUMENT["paths"].items():
        caller = scene.caller("", path)
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] == "query":
                for stray in ("\x00", "\x07"):
                    params = {"conversation": scene.ids["conversation_id"], parameter["name"]: CANARY + stray}
                    target = path.format(**scene.ids)
                    response = await caller.call("GET", target, params=params)
                    assert (response.status_code, response.json()["code"]) == (422, "invalid"), (path, parameter)
                    assert CANARY not in response.text

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.message_out import MessageOut
from ...models.send_message import SendMessage
from ...models.send_message_files_body import SendMessageFilesBody
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    body: SendMessage | SendMessageFilesBody | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/chat/messages/",
    }

    if isinstance(body, SendMessage):
        _kwargs["json"] = body.to_dict()

        headers["Content-Type"] = "application/json"
    if isinstance(body, SendMessageFilesBody):
        _kwargs["files"] = body.to_multipart()

        headers["Content-Type"] = "multipart/form-data; boundary=+++"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> MessageOut:
    if response.status_code == 200:
        response_200 = MessageOut.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = MessageOut.from_dict(response.json())

        return response_201

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[MessageOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: SendMessage | SendMessageFilesBody | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[MessageOut]:
    """Send Message

     Send a message. With a `client_id` (or an `Idempotency-Key`) it is safe to repeat.

    Args:
        idempotency_key (None | str | Unset): Repeating the same key and body within 24 h returns
            the first result.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (SendMessage): A message, and the conversation it is for.
        body (SendMessageFilesBody):

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MessageOut]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: SendMessage | SendMessageFilesBody | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> MessageOut:
    """Send Message

     Send a message. With a `client_id` (or an `Idempotency-Key`) it is safe to repeat.

    Args:
        idempotency_key (None | str | Unset): Repeating the same key and body within 24 h returns
            the first result.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (SendMessage): A message, and the conversation it is for.
        body (SendMessageFilesBody):

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MessageOut
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: SendMessage | SendMessageFilesBody | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[MessageOut]:
    """Send Message

     Send a message. With a `client_id` (or an `Idempotency-Key`) it is safe to repeat.

    Args:
        idempotency_key (None | str | Unset): Repeating the same key and body within 24 h returns
            the first result.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (SendMessage): A message, and the conversation it is for.
        body (SendMessageFilesBody):

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MessageOut]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: SendMessage | SendMessageFilesBody | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> MessageOut:
    """Send Message

     Send a message. With a `client_id` (or an `Idempotency-Key`) it is safe to repeat.

    Args:
        idempotency_key (None | str | Unset): Repeating the same key and body within 24 h returns
            the first result.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (SendMessage): A message, and the conversation it is for.
        body (SendMessageFilesBody):

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MessageOut
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            x_act_as=x_act_as,
        )
    ).parsed

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.event_page import EventPage
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    conversation_id: UUID,
    *,
    after_seq: int | Unset = 0,
    limit: int | Unset = 50,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    if not isinstance(x_read_after, Unset):
        headers["x-read-after"] = x_read_after

    params: dict[str, Any] = {}

    params["after_seq"] = after_seq

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/chat/conversations/{conversation_id}/events/".format(
            conversation_id=quote(str(conversation_id), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> EventPage:
    if response.status_code == 200:
        response_200 = EventPage.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[EventPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    after_seq: int | Unset = 0,
    limit: int | Unset = 50,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> Response[EventPage]:
    """List Events

     Read the log: the durable frames that a socket would have sent. `next` is the `after_seq` of the
    next page.

    Events up to `purged_seq` are deleted: a client that has seen less must load the conversation again,
    and so must a
    client whose `after_seq` is of another `epoch`.

    Args:
        conversation_id (UUID):
        after_seq (int | Unset): Events with a greater seq, oldest first. Default: 0.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EventPage]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        after_seq=after_seq,
        limit=limit,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    after_seq: int | Unset = 0,
    limit: int | Unset = 50,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> EventPage:
    """List Events

     Read the log: the durable frames that a socket would have sent. `next` is the `after_seq` of the
    next page.

    Events up to `purged_seq` are deleted: a client that has seen less must load the conversation again,
    and so must a
    client whose `after_seq` is of another `epoch`.

    Args:
        conversation_id (UUID):
        after_seq (int | Unset): Events with a greater seq, oldest first. Default: 0.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EventPage
    """

    return sync_detailed(
        conversation_id=conversation_id,
        client=client,
        after_seq=after_seq,
        limit=limit,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    ).parsed


async def asyncio_detailed(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    after_seq: int | Unset = 0,
    limit: int | Unset = 50,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> Response[EventPage]:
    """List Events

     Read the log: the durable frames that a socket would have sent. `next` is the `after_seq` of the
    next page.

    Events up to `purged_seq` are deleted: a client that has seen less must load the conversation again,
    and so must a
    client whose `after_seq` is of another `epoch`.

    Args:
        conversation_id (UUID):
        after_seq (int | Unset): Events with a greater seq, oldest first. Default: 0.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EventPage]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        after_seq=after_seq,
        limit=limit,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    after_seq: int | Unset = 0,
    limit: int | Unset = 50,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> EventPage:
    """List Events

     Read the log: the durable frames that a socket would have sent. `next` is the `after_seq` of the
    next page.

    Events up to `purged_seq` are deleted: a client that has seen less must load the conversation again,
    and so must a
    client whose `after_seq` is of another `epoch`.

    Args:
        conversation_id (UUID):
        after_seq (int | Unset): Events with a greater seq, oldest first. Default: 0.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EventPage
    """

    return (
        await asyncio_detailed(
            conversation_id=conversation_id,
            client=client,
            after_seq=after_seq,
            limit=limit,
            x_act_as=x_act_as,
            x_read_after=x_read_after,
        )
    ).parsed

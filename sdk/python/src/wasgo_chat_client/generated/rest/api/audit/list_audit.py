from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.audit_page import AuditPage
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID
import datetime


def _get_kwargs(
    *,
    actor: None | str | Unset = UNSET,
    conversation: None | Unset | UUID = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    params: dict[str, Any] = {}

    json_actor: None | str | Unset
    if isinstance(actor, Unset):
        json_actor = UNSET
    else:
        json_actor = actor
    params["actor"] = json_actor

    json_conversation: None | str | Unset
    if isinstance(conversation, Unset):
        json_conversation = UNSET
    elif isinstance(conversation, UUID):
        json_conversation = str(conversation)
    else:
        json_conversation = conversation
    params["conversation"] = json_conversation

    json_since: None | str | Unset
    if isinstance(since, Unset):
        json_since = UNSET
    elif isinstance(since, datetime.datetime):
        json_since = since.isoformat()
    else:
        json_since = since
    params["since"] = json_since

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/chat/audit/",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AuditPage:
    if response.status_code == 200:
        response_200 = AuditPage.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AuditPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    actor: None | str | Unset = UNSET,
    conversation: None | Unset | UUID = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[AuditPage]:
    """List Audit

     List the actions of services, moderators and admins, newest first (scope chat:moderate).

    Args:
        actor (None | str | Unset): The user id, or the name of the service, that acted.
        conversation (None | Unset | UUID): The conversation that was affected.
        since (datetime.datetime | None | Unset): Only actions at or after this time.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AuditPage]
    """

    kwargs = _get_kwargs(
        actor=actor,
        conversation=conversation,
        since=since,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    actor: None | str | Unset = UNSET,
    conversation: None | Unset | UUID = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> AuditPage:
    """List Audit

     List the actions of services, moderators and admins, newest first (scope chat:moderate).

    Args:
        actor (None | str | Unset): The user id, or the name of the service, that acted.
        conversation (None | Unset | UUID): The conversation that was affected.
        since (datetime.datetime | None | Unset): Only actions at or after this time.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AuditPage
    """

    return sync_detailed(
        client=client,
        actor=actor,
        conversation=conversation,
        since=since,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    actor: None | str | Unset = UNSET,
    conversation: None | Unset | UUID = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[AuditPage]:
    """List Audit

     List the actions of services, moderators and admins, newest first (scope chat:moderate).

    Args:
        actor (None | str | Unset): The user id, or the name of the service, that acted.
        conversation (None | Unset | UUID): The conversation that was affected.
        since (datetime.datetime | None | Unset): Only actions at or after this time.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AuditPage]
    """

    kwargs = _get_kwargs(
        actor=actor,
        conversation=conversation,
        since=since,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    actor: None | str | Unset = UNSET,
    conversation: None | Unset | UUID = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> AuditPage:
    """List Audit

     List the actions of services, moderators and admins, newest first (scope chat:moderate).

    Args:
        actor (None | str | Unset): The user id, or the name of the service, that acted.
        conversation (None | Unset | UUID): The conversation that was affected.
        since (datetime.datetime | None | Unset): Only actions at or after this time.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AuditPage
    """

    return (
        await asyncio_detailed(
            client=client,
            actor=actor,
            conversation=conversation,
            since=since,
            limit=limit,
            cursor=cursor,
            x_act_as=x_act_as,
        )
    ).parsed

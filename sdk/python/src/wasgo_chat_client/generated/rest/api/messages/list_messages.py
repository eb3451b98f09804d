from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_messages_message_type_type_0 import check_list_messages_message_type_type_0
from ...models.list_messages_message_type_type_0 import ListMessagesMessageTypeType0
from ...models.message_page import MessagePage
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    *,
    conversation: None | Unset | UUID = UNSET,
    before_seq: int | None | Unset = UNSET,
    after_seq: int | None | Unset = UNSET,
    around_seq: int | None | Unset = UNSET,
    sender: None | str | Unset = UNSET,
    message_type: ListMessagesMessageTypeType0 | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["if-none-match"] = if_none_match

    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    if not isinstance(x_read_after, Unset):
        headers["x-read-after"] = x_read_after

    params: dict[str, Any] = {}

    json_conversation: None | str | Unset
    if isinstance(conversation, Unset):
        json_conversation = UNSET
    elif isinstance(conversation, UUID):
        json_conversation = str(conversation)
    else:
        json_conversation = conversation
    params["conversation"] = json_conversation

    json_before_seq: int | None | Unset
    if isinstance(before_seq, Unset):
        json_before_seq = UNSET
    else:
        json_before_seq = before_seq
    params["before_seq"] = json_before_seq

    json_after_seq: int | None | Unset
    if isinstance(after_seq, Unset):
        json_after_seq = UNSET
    else:
        json_after_seq = after_seq
    params["after_seq"] = json_after_seq

    json_around_seq: int | None | Unset
    if isinstance(around_seq, Unset):
        json_around_seq = UNSET
    else:
        json_around_seq = around_seq
    params["around_seq"] = json_around_seq

    json_sender: None | str | Unset
    if isinstance(sender, Unset):
        json_sender = UNSET
    else:
        json_sender = sender
    params["sender"] = json_sender

    json_message_type: None | str | Unset
    if isinstance(message_type, Unset):
        json_message_type = UNSET
    elif isinstance(message_type, str):
        json_message_type = message_type
    else:
        json_message_type = message_type
    params["message_type"] = json_message_type

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
        "url": "/chat/messages/",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> MessagePage:
    if response.status_code == 200:
        response_200 = MessagePage.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[MessagePage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    conversation: None | Unset | UUID = UNSET,
    before_seq: int | None | Unset = UNSET,
    after_seq: int | None | Unset = UNSET,
    around_seq: int | None | Unset = UNSET,
    sender: None | str | Unset = UNSET,
    message_type: ListMessagesMessageTypeType0 | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> Response[MessagePage]:
    """List Messages

     List messages of one conversation by seq, or of all the caller's conversations by time.

    Pages of one conversation have an `ETag`: sent back as `If-None-Match`, it gives 304 while nothing
    has changed.

    Args:
        conversation (None | Unset | UUID):
        before_seq (int | None | Unset):
        after_seq (int | None | Unset): Only messages after this seq, oldest first.
        around_seq (int | None | Unset): Half a page on either side of this seq.
        sender (None | str | Unset):
        message_type (ListMessagesMessageTypeType0 | None | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        if_none_match (None | str | Unset): The `ETag` of an earlier response.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MessagePage]
    """

    kwargs = _get_kwargs(
        conversation=conversation,
        before_seq=before_seq,
        after_seq=after_seq,
        around_seq=around_seq,
        sender=sender,
        message_type=message_type,
        limit=limit,
        cursor=cursor,
        if_none_match=if_none_match,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    conversation: None | Unset | UUID = UNSET,
    before_seq: int | None | Unset = UNSET,
    after_seq: int | None | Unset = UNSET,
    around_seq: int | None | Unset = UNSET,
    sender: None | str | Unset = UNSET,
    message_type: ListMessagesMessageTypeType0 | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> MessagePage:
    """List Messages

     List messages of one conversation by seq, or of all the caller's conversations by time.

    Pages of one conversation have an `ETag`: sent back as `If-None-Match`, it gives 304 while nothing
    has changed.

    Args:
        conversation (None | Unset | UUID):
        before_seq (int | None | Unset):
        after_seq (int | None | Unset): Only messages after this seq, oldest first.
        around_seq (int | None | Unset): Half a page on either side of this seq.
        sender (None | str | Unset):
        message_type (ListMessagesMessageTypeType0 | None | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        if_none_match (None | str | Unset): The `ETag` of an earlier response.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MessagePage
    """

    return sync_detailed(
        client=client,
        conversation=conversation,
        before_seq=before_seq,
        after_seq=after_seq,
        around_seq=around_seq,
        sender=sender,
        message_type=message_type,
        limit=limit,
        cursor=cursor,
        if_none_match=if_none_match,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    conversation: None | Unset | UUID = UNSET,
    before_seq: int | None | Unset = UNSET,
    after_seq: int | None | Unset = UNSET,
    around_seq: int | None | Unset = UNSET,
    sender: None | str | Unset = UNSET,
    message_type: ListMessagesMessageTypeType0 | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> Response[MessagePage]:
    """List Messages

     List messages of one conversation by seq, or of all the caller's conversations by time.

    Pages of one conversation have an `ETag`: sent back as `If-None-Match`, it gives 304 while nothing
    has changed.

    Args:
        conversation (None | Unset | UUID):
        before_seq (int | None | Unset):
        after_seq (int | None | Unset): Only messages after this seq, oldest first.
        around_seq (int | None | Unset): Half a page on either side of this seq.
        sender (None | str | Unset):
        message_type (ListMessagesMessageTypeType0 | None | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        if_none_match (None | str | Unset): The `ETag` of an earlier response.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MessagePage]
    """

    kwargs = _get_kwargs(
        conversation=conversation,
        before_seq=before_seq,
        after_seq=after_seq,
        around_seq=around_seq,
        sender=sender,
        message_type=message_type,
        limit=limit,
        cursor=cursor,
        if_none_match=if_none_match,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    conversation: None | Unset | UUID = UNSET,
    before_seq: int | None | Unset = UNSET,
    after_seq: int | None | Unset = UNSET,
    around_seq: int | None | Unset = UNSET,
    sender: None | str | Unset = UNSET,
    message_type: ListMessagesMessageTypeType0 | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> MessagePage:
    """List Messages

     List messages of one conversation by seq, or of all the caller's conversations by time.

    Pages of one conversation have an `ETag`: sent back as `If-None-Match`, it gives 304 while nothing
    has changed.

    Args:
        conversation (None | Unset | UUID):
        before_seq (int | None | Unset):
        after_seq (int | None | Unset): Only messages after this seq, oldest first.
        around_seq (int | None | Unset): Half a page on either side of this seq.
        sender (None | str | Unset):
        message_type (ListMessagesMessageTypeType0 | None | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        if_none_match (None | str | Unset): The `ETag` of an earlier response.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MessagePage
    """

    return (
        await asyncio_detailed(
            client=client,
            conversation=conversation,
            before_seq=before_seq,
            after_seq=after_seq,
            around_seq=around_seq,
            sender=sender,
            message_type=message_type,
            limit=limit,
            cursor=cursor,
            if_none_match=if_none_match,
            x_act_as=x_act_as,
            x_read_after=x_read_after,
        )
    ).parsed

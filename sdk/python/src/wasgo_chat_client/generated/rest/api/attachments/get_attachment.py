from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.attachment_out import AttachmentOut
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    attachment_id: UUID,
    *,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/chat/attachments/{attachment_id}/".format(
            attachment_id=quote(str(attachment_id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AttachmentOut:
    if response.status_code == 200:
        response_200 = AttachmentOut.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AttachmentOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    attachment_id: UUID,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[AttachmentOut]:
    """Get Attachment

     Get an attachment, with new links to its file.

    Args:
        attachment_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AttachmentOut]
    """

    kwargs = _get_kwargs(
        attachment_id=attachment_id,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    attachment_id: UUID,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> AttachmentOut:
    """Get Attachment

     Get an attachment, with new links to its file.

    Args:
        attachment_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AttachmentOut
    """

    return sync_detailed(
        attachment_id=attachment_id,
        client=client,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    attachment_id: UUID,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[AttachmentOut]:
    """Get Attachment

     Get an attachment, with new links to its file.

    Args:
        attachment_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AttachmentOut]
    """

    kwargs = _get_kwargs(
        attachment_id=attachment_id,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    attachment_id: UUID,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> AttachmentOut:
    """Get Attachment

     Get an attachment, with new links to its file.

    Args:
        attachment_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AttachmentOut
    """

    return (
        await asyncio_detailed(
            attachment_id=attachment_id,
            client=client,
            x_act_as=x_act_as,
        )
    ).parsed

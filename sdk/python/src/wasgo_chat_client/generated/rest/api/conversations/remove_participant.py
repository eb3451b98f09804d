from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.remove_participant import RemoveParticipant
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    conversation_id: UUID,
    *,
    body: RemoveParticipant,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/chat/conversations/{conversation_id}/remove_participant/".format(
            conversation_id=quote(str(conversation_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any:
    if response.status_code == 204:
        return None

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any]:
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
    body: RemoveParticipant,
    x_act_as: None | str | Unset = UNSET,
) -> Response[Any]:
    """Remove Participant

     Remove a participant, or leave (by removing the caller).

    Args:
        conversation_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (RemoveParticipant): The user to remove; the caller's own id to leave.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        body=body,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


async def asyncio_detailed(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    body: RemoveParticipant,
    x_act_as: None | str | Unset = UNSET,
) -> Response[Any]:
    """Remove Participant

     Remove a participant, or leave (by removing the caller).

    Args:
        conversation_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (RemoveParticipant): The user to remove; the caller's own id to leave.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        body=body,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.participant_out import ParticipantOut
from ...models.update_participant import UpdateParticipant
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    conversation_id: UUID,
    user_id: str,
    *,
    body: UpdateParticipant,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/chat/conversations/{conversation_id}/participants/{user_id}/".format(
            conversation_id=quote(str(conversation_id), safe=""),
            user_id=quote(str(user_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ParticipantOut:
    if response.status_code == 200:
        response_200 = ParticipantOut.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ParticipantOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    conversation_id: UUID,
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: UpdateParticipant,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ParticipantOut]:
    """Update Participant

     Change a participant's role, up to the caller's own role.

    Args:
        conversation_id (UUID):
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (UpdateParticipant): The new role.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ParticipantOut]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        user_id=user_id,
        body=body,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    conversation_id: UUID,
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: UpdateParticipant,
    x_act_as: None | str | Unset = UNSET,
) -> ParticipantOut:
    """Update Participant

     Change a participant's role, up to the caller's own role.

    Args:
        conversation_id (UUID):
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (UpdateParticipant): The new role.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ParticipantOut
    """

    return sync_detailed(
        conversation_id=conversation_id,
        user_id=user_id,
        client=client,
        body=body,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    conversation_id: UUID,
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: UpdateParticipant,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ParticipantOut]:
    """Update Participant

     Change a participant's role, up to the caller's own role.

    Args:
        conversation_id (UUID):
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (UpdateParticipant): The new role.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ParticipantOut]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        user_id=user_id,
        body=body,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    conversation_id: UUID,
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: UpdateParticipant,
    x_act_as: None | str | Unset = UNSET,
) -> ParticipantOut:
    """Update Participant

     Change a participant's role, up to the caller's own role.

    Args:
        conversation_id (UUID):
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (UpdateParticipant): The new role.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ParticipantOut
    """

    return (
        await asyncio_detailed(
            conversation_id=conversation_id,
            user_id=user_id,
            client=client,
            body=body,
            x_act_as=x_act_as,
        )
    ).parsed

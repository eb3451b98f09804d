from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.add_participant import AddParticipant
from ...models.participant_out import ParticipantOut
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    conversation_id: UUID,
    *,
    body: AddParticipant,
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
        "url": "/chat/conversations/{conversation_id}/add_participant/".format(
            conversation_id=quote(str(conversation_id), safe=""),
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

    if response.status_code == 201:
        response_201 = ParticipantOut.from_dict(response.json())

        return response_201

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
    *,
    client: AuthenticatedClient,
    body: AddParticipant,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ParticipantOut]:
    """Add Participant

     Add a participant, who can read the whole history.

    Args:
        conversation_id (UUID):
        idempotency_key (None | str | Unset): Repeating the same key and body within 24 h returns
            the first result.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (AddParticipant): The user to add, and their role.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ParticipantOut]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        body=body,
        idempotency_key=idempotency_key,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    body: AddParticipant,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> ParticipantOut:
    """Add Participant

     Add a participant, who can read the whole history.

    Args:
        conversation_id (UUID):
        idempotency_key (None | str | Unset): Repeating the same key and body within 24 h returns
            the first result.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (AddParticipant): The user to add, and their role.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ParticipantOut
    """

    return sync_detailed(
        conversation_id=conversation_id,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    body: AddParticipant,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ParticipantOut]:
    """Add Participant

     Add a participant, who can read the whole history.

    Args:
        conversation_id (UUID):
        idempotency_key (None | str | Unset): Repeating the same key and body within 24 h returns
            the first result.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (AddParticipant): The user to add, and their role.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ParticipantOut]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        body=body,
        idempotency_key=idempotency_key,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    body: AddParticipant,
    idempotency_key: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> ParticipantOut:
    """Add Participant

     Add a participant, who can read the whole history.

    Args:
        conversation_id (UUID):
        idempotency_key (None | str | Unset): Repeating the same key and body within 24 h returns
            the first result.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (AddParticipant): The user to add, and their role.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ParticipantOut
    """

    return (
        await asyncio_detailed(
            conversation_id=conversation_id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            x_act_as=x_act_as,
        )
    ).parsed

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.download_attachment_variant import check_download_attachment_variant
from ...models.download_attachment_variant import DownloadAttachmentVariant
from ...types import File, FileTypes
from io import BytesIO
from typing import cast
from uuid import UUID


def _get_kwargs(
    attachment_id: UUID,
    variant: DownloadAttachmentVariant,
    *,
    expires: int,
    signature: str,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["expires"] = expires

    params["signature"] = signature

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/chat/attachments/{attachment_id}/{variant}".format(
            attachment_id=quote(str(attachment_id), safe=""),
            variant=quote(str(variant), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | File:
    if response.status_code == 200:
        response_200 = File(payload=BytesIO(response.content))

        return response_200

    if response.status_code == 206:
        response_206 = cast(Any, None)
        return response_206

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | File]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    attachment_id: UUID,
    variant: DownloadAttachmentVariant,
    *,
    client: AuthenticatedClient | Client,
    expires: int,
    signature: str,
) -> Response[Any | File]:
    """Download Attachment

     Download a file by its link (`url` or `thumbnail_url`). The link's signature replaces a token.

    Args:
        attachment_id (UUID):
        variant (DownloadAttachmentVariant):
        expires (int):
        signature (str):

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | File]
    """

    kwargs = _get_kwargs(
        attachment_id=attachment_id,
        variant=variant,
        expires=expires,
        signature=signature,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    attachment_id: UUID,
    variant: DownloadAttachmentVariant,
    *,
    client: AuthenticatedClient | Client,
    expires: int,
    signature: str,
) -> Any | File:
    """Download Attachment

     Download a file by its link (`url` or `thumbnail_url`). The link's signature replaces a token.

    Args:
        attachment_id (UUID):
        variant (DownloadAttachmentVariant):
        expires (int):
        signature (str):

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | File
    """

    return sync_detailed(
        attachment_id=attachment_id,
        variant=variant,
        client=client,
        expires=expires,
        signature=signature,
    ).parsed


async def asyncio_detailed(
    attachment_id: UUID,
    variant: DownloadAttachmentVariant,
    *,
    client: AuthenticatedClient | Client,
    expires: int,
    signature: str,
) -> Response[Any | File]:
    """Download Attachment

     Download a file by its link (`url` or `thumbnail_url`). The link's signature replaces a token.

    Args:
        attachment_id (UUID):
        variant (DownloadAttachmentVariant):
        expires (int):
        signature (str):

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | File]
    """

    kwargs = _get_kwargs(
        attachment_id=attachment_id,
        variant=variant,
        expires=expires,
        signature=signature,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    attachment_id: UUID,
    variant: DownloadAttachmentVariant,
    *,
    client: AuthenticatedClient | Client,
    expires: int,
    signature: str,
) -> Any | File:
    """Download Attachment

     Download a file by its link (`url` or `thumbnail_url`). The link's signature replaces a token.

    Args:
        attachment_id (UUID):
        variant (DownloadAttachmentVariant):
        expires (int):
        signature (str):

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | File
    """

    return (
        await asyncio_detailed(
            attachment_id=attachment_id,
            variant=variant,
            client=client,
            expires=expires,
            signature=signature,
        )
    ).parsed

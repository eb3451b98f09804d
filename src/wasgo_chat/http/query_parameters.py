"""Rejects query parameters that a route does not have: a misspelled filter would return everything."""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from starlette.requests import Request

from wasgo_chat.core.errors import Invalid
from wasgo_chat.http.problems import safe_name


def reject_unknown_parameters(request: Request) -> None:
    """Check the names in the query of a request whose route is known.

    Raises:
        Invalid: the route has no parameter of such a name.
    """
    if not request.scope["query_string"]:
        return
    known = set(_names(request.scope["route"].dependant))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        message = "is not a parameter of this route"
        raise Invalid(
            {"loc": ["query", safe_name(name)], "code": "extra_forbidden", "message": message} for name in unknown
        )


def _names(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        yield parameter.alias
    for dependency in dependant.dependencies:
        yield from _names(dependency)

"""Parses the fields of a form into a model, with the same validation and problems as for a JSON body."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from wasgo_chat.core.errors import Invalid

Model = TypeVar("Model", bound=BaseModel)


def parse_fields(model: type[Model], fields: Mapping[str, Sequence[str]], *, as_json: Sequence[str] = ()) -> Model:
    """Validate the fields of a form, each of which may occur once.

    Args:
        model: the model to create.
        fields: the values of each field.
        as_json: the fields that contain JSON.

    Raises:
        Invalid: a field occurs twice, or does not contain valid JSON.
        RequestValidationError: validation failed.
    """
    values: dict[str, Any] = {}
    for name, occurrences in fields.items():
        if len(occurrences) > 1:
            raise Invalid.field([name], "repeated", "occurs more than once")
        values[name] = _from_json(name, occurrences[0]) if name in as_json else occurrences[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors = [{**detail, "loc": ("body", *detail["loc"])} for detail in error.errors()]
        raise RequestValidationError(errors) from error


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid.field([name], "json_invalid", "is not valid JSON") from error

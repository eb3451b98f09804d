"""The fields of a form as a model: the same checks, and the same problems, as for a JSON body."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from wasgo_chat.core.errors import Invalid

Model = TypeVar("Model", bound=BaseModel)


def parse_fields(model: type[Model], fields: Mapping[str, Sequence[str]], *, as_json: Sequence[str] = ()) -> Model:
    """A form's fields, each given once, as a model.

    Args:
        model: what they make.
        fields: by name, the values.
        as_json: names of fields that hold JSON text.

    Raises:
        Invalid: a field was given twice, or should be JSON and is not.
        RequestValidationError: the model does not accept them.
    """
    values: dict[str, Any] = {}
    for name, given in fields.items():
        if len(given) > 1:
            raise Invalid.field([name], "repeated", "is given more than once")
        values[name] = _from_json(name, given[0]) if name in as_json else given[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(errors) from error


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid.field([name], "json_invalid", "is not JSON") from error

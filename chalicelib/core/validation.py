"""Validate input against a model. Each wrong field gets one sentence, which never quotes the input."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from chalicelib.core.errors import FieldError, Invalid, NotJson
from chalicelib.core.language import FilledText, translatable

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)

TIME = translatable("Must be a time with a zone, such as 2026-11-24T12:00:00Z")
INTEGER = translatable("Must be a whole number, in digits only")
# The sentence for each of pydantic's error types. The error's context fills in limits and choices, never the input.
SENTENCES = {
    "string_type": translatable("Must be text"),
    "string_too_short": translatable("Must not be empty"),
    "string_too_long": translatable("Must have at most %(max_length)s characters"),
    "too_short": translatable("Must have at least %(min_length)s"),
    "too_long": translatable("Must have at most %(max_length)s"),
    "enum": translatable("Must be %(expected)s"),
    "greater_than": translatable("Must be more than %(gt)s"),
    "greater_than_equal": translatable("Must be at least %(ge)s"),
    "less_than_equal": translatable("Must be at most %(le)s"),
    "datetime_type": TIME,
    "datetime_parsing": TIME,
    "datetime_from_date_parsing": TIME,
    "timezone_aware": TIME,
    "int_type": INTEGER,
    "int_parsing": INTEGER,
    "int_from_float": INTEGER,
    "bool_type": translatable("Must be true or false"),
    "bool_parsing": translatable("Choose yes or no"),
    "list_type": translatable("Must be a list"),
    "model_type": translatable("Must be a JSON object"),
}


@dataclass(frozen=True)
class Words:
    """A form's own sentences for missing or wrong fields, by the field's name. In `wrong`, `*` is any list index."""

    missing: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


NO_OWN_WORDS = Words()


def parse_body(model: type[Model], body: str, words: Words = NO_OWN_WORDS) -> Model:
    """Raise NotJson if the body is not JSON, Invalid if fields are wrong."""
    decode_json(body)  # Only for its errors: it refuses bodies that pydantic accepts.
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise Invalid(field_errors(error, words)) from error


def decode_json(body: str) -> object:
    """Return the value of a JSON text. Raise NotJson, or Invalid if an object has a field twice.

    from_json refuses NaN, damaged Unicode and deep nesting; _STRICT_JSON refuses repeated fields.
    """
    try:
        from_json(body, allow_inf_nan=False)
        value: object = _STRICT_JSON.decode(body)
    except ValueError as error:
        raise NotJson from error
    return value


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Parsers differ on which value of a repeated field counts (RFC 8259, 4)."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        repeated = [name for name, count in counts.items() if count > 1]
        raise Invalid([FieldError(name, "Give this field once") for name in repeated])
    return fields


# What browsers send for a ticked box. For an unticked box they send nothing.
TICKED = frozenset({"yes", "on", "true", "1"})


def is_ticked(fields: Mapping[str, str], name: str) -> bool:
    return fields.get(name, "").lower() in TICKED


# The index of a list in a field's name: letter.targets.0.email.
_INDEX = re.compile(r"\.\d+(?=\.|$)")
# Built once: building a decoder takes longer than decoding a signature.
_STRICT_JSON = json.JSONDecoder(object_pairs_hook=_refuse_duplicates)


def field_errors(error: ValidationError, words: Words = NO_OWN_WORDS) -> list[FieldError]:
    """Return at most one error for each field, in the order of the model."""
    found: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        parts = [str(part) for part in detail["loc"]]
        name = ".".join(parts) or "body"  # Without parts, the error is about the whole body.
        found.setdefault(name, _sentence(name, detail, words))
    return [FieldError(name, message) for name, message in found.items()]


def _sentence(name: str, detail: "ErrorDetails", words: Words) -> str:
    """An error of our own validators has its sentence already."""
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    if detail["type"] == "missing":
        return words.missing.get(name, translatable("This field is required"))
    if detail["type"] == "extra_forbidden":
        return translatable("There is no such field")
    sentence = SENTENCES.get(detail["type"], translatable("This value is not valid"))
    name_for_any_index = _INDEX.sub(".*", name)  # letter.targets.0.email becomes letter.targets.*.email.
    wrong = words.wrong.get(name) or words.wrong.get(name_for_any_index)
    return wrong or FilledText(sentence, detail.get("ctx", {}))

"""The only thing to type: an email address."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import PlainValidator, ValidationError, WithJsonSchema

from chalicelib.core.address import Address
from chalicelib.core.errors import Invalid
from chalicelib.core.models import ClosedModel
from chalicelib.core.validation import field_errors
from chalicelib.signatures.form import EMAIL, WORDS, typed_address


class AskForm(ClosedModel):
    email: Annotated[Address, PlainValidator(typed_address), WithJsonSchema(EMAIL)]


def address_in_form(fields: Mapping[str, str]) -> Address:
    """Raise Invalid."""
    filled = {"email": fields["email"]} if fields.get("email", "").strip() else {}
    try:
        return AskForm.model_validate(filled).email
    except ValidationError as error:
        raise Invalid(field_errors(error, WORDS)) from error

"""What the API returns about errors and about the site itself, and how a view says what it gets and returns."""

from typing import Annotated, Generic, Literal, NotRequired, TypeVar

from chalice.app import Request, Response
from pydantic import Field
from typing_extensions import TypedDict

Shape = TypeVar("Shape")


class Sent(Request, Generic[Shape]):
    """A request with a body of this shape: JSON, or the fields of a form. `str`: a CSV file. `| None`: it may lack."""


class Answer(Response, Generic[Shape]):
    """A response with JSON of this shape."""


class SiteHealth(TypedDict):
    status: Literal["ok"]
    version: str
    """The application's version, as in CHANGELOG.md."""


class FieldProblem(TypedDict):
    field: str
    """The field's name, with dots for nested fields: `consent.sign`."""
    message: str
    """What the person can do to correct the field."""


class ProblemDetails(TypedDict):
    """RFC 9457. `detail` is a sentence to show to the person."""

    type: Annotated[Literal["about:blank"], Field(json_schema_extra={"format": "uri-reference"})]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    errors: NotRequired[Annotated[list[FieldProblem], Field(min_length=1)]]
    """With 422: one error for each invalid field."""
    state: NotRequired[Literal["draft", "open", "paused", "closed", "removed"]]
    """With 409: the petition's state."""

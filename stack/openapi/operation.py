"""The classes for the parts of an operation that are written by hand. An operation is one method of one path.

The objects of these classes are in the folder `operations`. The module `paths` adds what follows from the list of
routes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
JSON, CSV, HTML, FORM = "application/json", "text/csv", "text/html", "application/x-www-form-urlencoded"
HAL = "application/hal+json"


@dataclass(frozen=True)
class Query:
    """A parameter of the query."""

    name: str
    description: str
    schema: Schema = field(default_factory=lambda: TEXT)
    example: object = None
    required: bool = False


LANG = Query(
    "lang",
    "The code of a language, such as `cy`. Texts with a translation are shown in this language.",
    example="cy",
)
# The query parameters that edge/routes.py names, because they change the answer of a route that caches may keep.
_ROUTE_QUERIES = (
    LANG,
    Query("source", "Stored with the signature: `[a-z0-9-]{1,40}`. Any other value is ignored."),
    Query("preview", "From a preview link made by staff. Shows the stored page before it is published. Never cached."),
    Query("v", "The version of the file. A new file has a new version, so that caches can keep a file for a year."),
)
ROUTE_QUERIES = {query.name: query for query in _ROUTE_QUERIES}


@dataclass(frozen=True)
class Body:
    """The body of a request. `model`: the class of its JSON or of its form fields, or `str` for any text.

    `examples`: more than one example, by their summaries.
    """

    model: type
    example: object = None
    examples: Mapping[str, object] = field(default_factory=dict)
    content_type: str = JSON
    required: bool = True


@dataclass(frozen=True)
class Answer:
    """The answer to a request that succeeds.

    `model`: the class of the JSON, or `dict` for any object. `json_type`: the content type of the JSON. Without a
    model, the answer is text of one of `content_types`. If `content_types` is empty, the answer has no body.
    `csv_example`: "" if the route never answers with CSV. `headers`: keys of `parameters.HEADERS`. `not_modified_text`:
    the description of the answer 304; "" if the route never answers 304.
    """

    description: str
    model: type | None = None
    example: object = None
    csv_example: str = ""
    status: int = 200
    content_types: Sequence[str] = (HTML,)
    json_type: str = JSON
    headers: Sequence[str] = ()
    not_modified_text: str = ""


@dataclass(frozen=True)
class Operation:
    """The parts of one operation that are written by hand.

    `query`: the parameters that the list of routes does not name. `problems`: the components of errors by status, for
    errors that `paths` cannot derive. `changes_revision`: the request changes an object of which it must name the
    current revision, in the header If-Match.
    """

    summary: str
    answer: Answer
    description: str = ""
    query: Sequence[Query] = ()
    body: Body | None = None
    problems: Mapping[int, str] = field(default_factory=dict)
    changes_revision: bool = False


Operations = Mapping[str, Operation]

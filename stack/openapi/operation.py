"""What is written by hand for each operation. Everything else comes from the list of routes (`paths`)."""

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


LANG = Query("lang", "The code of a language, such as `cy`: the texts are in it, as far as they exist.", example="cy")
# The query parameters that edge/routes.py names.
ROUTE_QUERIES = {
    each.name: each
    for each in (
        LANG,
        Query("source", "Stored with the signature: `[a-z0-9-]{1,40}`. Any other value is ignored."),
        Query(
            "preview", "From a preview link made by staff. Shows the stored page before it is published. Never cached."
        ),
        Query("v", "Changes with the content, so that caches can keep the file for a year."),
    )
}


@dataclass(frozen=True)
class Body:
    """The body of a request: JSON, or the fields of a form. `examples`: values by their summary."""

    model: type
    example: object = None
    examples: Mapping[str, object] = field(default_factory=dict)
    kind: str = JSON
    required: bool = True


@dataclass(frozen=True)
class Answer:
    """The answer of a request that succeeds. Without a model: a page, or one of `kinds`.

    `json`: the content type of the model. `headers`: names of components. `etag`: the description of the answer 304;
    without it, the route has no 304.
    """

    description: str
    model: type | None = None
    example: object = None
    csv: str = ""
    status: int = 200
    kinds: Sequence[str] = (HTML,)
    json: str = JSON
    headers: Sequence[str] = ()
    etag: str = ""


@dataclass(frozen=True)
class Operation:
    """The words of one operation. `problems`: components by status, for errors that `paths` cannot derive."""

    summary: str
    answer: Answer
    description: str = ""
    query: Sequence[Query] = ()
    body: Body | None = None
    problems: Mapping[int, str] = field(default_factory=dict)
    changes_revision: bool = False


Operations = Mapping[str, Operation]

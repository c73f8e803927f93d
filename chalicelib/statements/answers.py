"""What the API returns about a statement."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Url
from chalicelib.statements.freeze import Statement


class FrozenStatement(TypedDict):
    url: Url
    """Where anyone can check the statement, as long as we keep the key that signed it."""
    statement: Statement


class NewStatement(FrozenStatement):
    """A statement that was just frozen."""

    short_url: Url
    """A URL that redirects to `url`, and is short enough to be read out."""

"""Types for the API's documentation: the fields of the forms of "my signatures"."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

Action = Literal["correct", "withdraw", "stop-updates", "stop-email", "allow-email", "stop-all", "move"]


class AskFields(TypedDict):
    email: str
    """The address whose signatures the person wants to see."""


class OwnTokenFields(TypedDict):
    token: NotRequired[str]
    """The token from the email, or from the form of the page that it opened. Can be sent in the URL instead."""


class ChangeFields(OwnTokenFields):
    do: Action
    """`correct` needs `petition`, and `name` or `postcode`. `withdraw`, `stop-updates`, `stop-email` and `allow-email`
    need `petition`. `stop-all` and `move` are about all signatures; `move` needs `email`, the new address.
    """
    petition: NotRequired[str]
    """The slug of the petition whose signature to change."""
    name: NotRequired[str]
    postcode: NotRequired[str]
    """Send empty to remove it."""
    email: NotRequired[str]

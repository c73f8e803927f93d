"""What a token of staff or of a partner allows. Both the list of routes and the code of tokens import this file."""

from enum import StrEnum


class Right(StrEnum):
    """What a token allows. No right includes another. `PARTNER` is only for partners' tokens."""

    COUNTS = "counts"
    MANAGE = "manage"
    EXPORT = "export"
    PEOPLE = "people"
    PARTNER = "partner"

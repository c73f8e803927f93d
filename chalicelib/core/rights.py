"""What a staff token allows. The list of routes and the tokens both name rights, so they are defined below both."""

from enum import StrEnum


class Right(StrEnum):
    """What a token allows. No right includes another. `PARTNER` is for partners' tokens and for no other."""

    COUNTS = "counts"
    MANAGE = "manage"
    EXPORT = "export"
    PEOPLE = "people"
    PARTNER = "partner"

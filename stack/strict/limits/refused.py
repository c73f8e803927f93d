"""Raised by every check of a limit."""


class Refused(Exception):
    """AWS's code for the error, and its sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

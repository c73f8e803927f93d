"""The exception that every check of a limit raises."""


class Refused(Exception):
    """The call exceeds a limit. `code` and `message` are those of AWS's error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

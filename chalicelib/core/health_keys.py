"""The keys of items about the site's health, in the counts table. keys.py says what each item is."""

from chalicelib.core.keys import COUNTS, Key


def readiness() -> Key:
    """Return the key of what `make ready` found last: whether the AWS account is ready for a crowd."""
    return Key(COUNTS, "READINESS", "LATEST")

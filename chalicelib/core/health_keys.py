"""The keys of what is known about the site's health, in the counts table. The whole schema is described in keys.py."""

from chalicelib.core.keys import COUNTS, Key


def readiness() -> Key:
    return Key(COUNTS, "READINESS", "LATEST")


def warmed() -> Key:
    return Key(COUNTS, "READINESS", "WARMED")

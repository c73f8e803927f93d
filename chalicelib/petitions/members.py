"""Find the member of parliament for a postcode, in the charity's two tables. Both are optional.

`stack.members` makes the file when the package is built. It has some 650 rows, and is read on first use.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.petitions.constituency_table import constituencies

FILE = Path(__file__).with_name("members.json")


@dataclass(frozen=True)
class MemberOfParliament:
    """`constituency` has the name or code that the table of postcodes uses."""

    constituency: str
    name: str
    email: str


def member_for_postcode(country: str | None, postcode: str | None) -> MemberOfParliament | None:
    """Return the member for somebody who lives there, or None: abroad, no postcode, or not in a table."""
    known = constituencies()
    if known is None or country != "GB" or not postcode:
        return None
    return member_of_constituency(known.of(postcode) or "")


def member_of_constituency(constituency: str) -> MemberOfParliament | None:
    return members().get(constituency)


def has_members() -> bool:
    """Return whether the package was built with a table of members."""
    return bool(members())


@cache
def members() -> Mapping[str, MemberOfParliament]:
    """Return the members by constituency; none without a file."""
    return unpacked(FILE.read_bytes()) if FILE.exists() else {}


def packed(found: Mapping[str, MemberOfParliament]) -> bytes:
    """Return the file's bytes: names and addresses by constituency."""
    return json.dumps({each: [member.name, member.email] for each, member in sorted(found.items())}).encode()


def unpacked(content: bytes) -> dict[str, MemberOfParliament]:
    return {each: MemberOfParliament(each, name, email) for each, (name, email) in json.loads(content).items()}

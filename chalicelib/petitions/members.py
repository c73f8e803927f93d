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
    """Return the member, or None: outside the UK, no postcode, or the postcode or member is not in its table."""
    table = constituencies()
    if table is None or country != "GB" or not postcode:
        return None
    return member_of_constituency(table.of(postcode) or "")


def member_of_constituency(constituency: str) -> MemberOfParliament | None:
    return members().get(constituency)


def has_members() -> bool:
    """Return whether the package was built with a table of members."""
    return bool(members())


@cache
def members() -> Mapping[str, MemberOfParliament]:
    """Return the members by constituency. Without a file, the mapping is empty."""
    return unpack(FILE.read_bytes()) if FILE.exists() else {}


def pack(by_constituency: Mapping[str, MemberOfParliament]) -> bytes:
    """Return the file's bytes: names and addresses by constituency."""
    rows = {constituency: [member.name, member.email] for constituency, member in sorted(by_constituency.items())}
    return json.dumps(rows).encode()


def unpack(content: bytes) -> dict[str, MemberOfParliament]:
    rows = json.loads(content).items()
    return {constituency: MemberOfParliament(constituency, name, email) for constituency, (name, email) in rows}

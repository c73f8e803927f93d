"""Find the member of parliament (MP) for a postcode.

The charity may provide two tables: the constituency of each postcode (see `constituency_table`), and the MP of each
constituency. `stack.members` writes the second table to a file when the package is built. That file has about 650
rows, and is read on first use.
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
    """Return the MP. Return None outside the UK, without a postcode, or if a table or its row is missing."""
    constituency = _constituency_of(country, postcode)
    return member_of_constituency(constituency) if constituency else None


def may_live_in(constituency: str, country: str | None, postcode: str | None) -> bool:
    """Return whether a person with this postcode lives in the constituency.

    Return True if there is no table: then we cannot tell.
    """
    return constituencies() is None or _constituency_of(country, postcode) == constituency


def _constituency_of(country: str | None, postcode: str | None) -> str | None:
    table = constituencies()
    if table is None or country != "GB" or not postcode:
        return None
    return table.of(postcode)


def member_of_constituency(constituency: str) -> MemberOfParliament | None:
    return members().get(constituency)


def has_members() -> bool:
    """Return whether the package was built with a table of MPs."""
    return bool(members())


@cache
def members() -> Mapping[str, MemberOfParliament]:
    """Return the MPs by constituency. If there is no file, the mapping is empty."""
    if not FILE.exists():
        return {}
    return unpack(FILE.read_bytes())


def pack(by_constituency: Mapping[str, MemberOfParliament]) -> bytes:
    """Return the bytes of the file: the name and the email address of each MP, by constituency."""
    rows = {}
    for constituency, member in sorted(by_constituency.items()):
        rows[constituency] = [member.name, member.email]
    return json.dumps(rows).encode()


def unpack(content: bytes) -> dict[str, MemberOfParliament]:
    found = {}
    for constituency, (name, email) in json.loads(content).items():
        found[constituency] = MemberOfParliament(constituency, name, email)
    return found

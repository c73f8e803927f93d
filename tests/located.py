"""Invented tables of constituencies and of their members of parliament."""

import pytest

from chalicelib.petitions.constituency_table import Constituencies, MemberOfParliament, pack

TABLE = {"ZZ1 1AA": "Upper Zed", "ZZ9 9ZZ": "Lower Zed", "SW1A 1AA": "Zed Palace"}

UPPER = MemberOfParliament("Upper Zed", "Una Upper MP", "una.upper@parliament.example")
LOWER = MemberOfParliament("Lower Zed", "Lou Lower MP", "lou.lower@parliament.example")


def give_members(patch: pytest.MonkeyPatch, *known: MemberOfParliament) -> None:
    """Make the application use both tables. Zed Palace has no member."""
    known = known or (UPPER, LOWER)
    members = {member.constituency: member for member in known}
    constituencies = Constituencies(pack(TABLE))
    patch.setattr("chalicelib.petitions.constituency_table.constituencies", lambda: constituencies)
    patch.setattr("chalicelib.petitions.constituency_table.members", lambda: members)


def give_table(patch: pytest.MonkeyPatch) -> None:
    """Make the application use the table of constituencies."""
    _use(patch, Constituencies(pack(TABLE)))


def remove_table(patch: pytest.MonkeyPatch) -> None:
    """Remove the table, even if this checkout was built with one."""
    _use(patch, None)


def _use(patch: pytest.MonkeyPatch, known: Constituencies | None) -> None:
    patch.setattr("chalicelib.projections.worker.constituencies", lambda: known)
    patch.setattr("chalicelib.projections.api.has_constituencies", lambda: known is not None)

"""A change in the stream becomes increments: pending, confirmed by dimension, and funnel stages."""

from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.petitions.constituency_table import Constituencies, pack
from chalicelib.projections.changes import Increment, constituency_increments, increments, stages_passed
from chalicelib.projections.dimensions import counter_of
from chalicelib.projections.funnel import Stage
from tests.actors import NOW

SIGNED, BEFORE, AFTER = "2026-11-24T12:00:00Z", "2026-11-24T11:59:59Z", "2026-11-24T12:00:03Z"
PAST, FUTURE = int(NOW.timestamp()) - 5, int(NOW.timestamp()) + 5
PENDING: dict[str, Any] = {
    "pk": "safe-children#2a", "sk": "x", "state": "pending", "signed_at": SIGNED, "text_version": "v1",
    "country": "GB", "postcode": "SW1A 1AA", "expires_at": FUTURE,
}  # fmt: skip
CONFIRMED = PENDING | {"state": "confirmed"}
WITHDRAWN = {name: PENDING[name] for name in ("pk", "sk", "signed_at", "text_version")} | {"state": "withdrawn"}
RESTORED = {"restored_at": AFTER}
EXPIRED = PENDING | {"expires_at": PAST}
# Damaged items.
BARE: dict[str, Any] = {"pk": "safe-children#2a", "sk": "x"}
PENDING_BARE = BARE | {"state": "pending", "mailed_at": AFTER}
Image = dict[str, Any] | None
# Received, mailed, confirmed, bounced, expired, withdrawn.
R, M, C, B, E, W = Stage


@pytest.mark.parametrize(
    ("before", "after", "numbers"),
    [
        (None, PENDING, {"pending": 1}),
        (PENDING, PENDING, {}),
        (PENDING, CONFIRMED, {"pending": -1, "v.v1": 1, "a.SW": 1}),
        (PENDING, WITHDRAWN, {"pending": -1}),
        (PENDING, None, {"pending": -1}),
        (CONFIRMED, WITHDRAWN, {"v.v1": -1, "a.SW": -1}),
        (WITHDRAWN, PENDING, {"pending": 1}),
        (WITHDRAWN, None, {}),
        (CONFIRMED, None, {"v.v1": -1, "a.SW": -1}),
        (PENDING, CONFIRMED | {"postcode": "M1 1AA", "text_version": "v2"}, {"pending": -1, "v.v2": 1, "a.M": 1}),
        (PENDING, CONFIRMED | {"postcode": ""}, {"pending": -1, "v.v1": 1, "a.none": 1}),
        (PENDING, CONFIRMED | {"country": "NL"}, {"pending": -1, "v.v1": 1, "a.abroad": 1}),
        (CONFIRMED, BARE, {"v.v1": -1, "a.SW": -1}),
        (BARE, CONFIRMED, {"v.v1": 1, "a.SW": 1}),
        (PENDING, PENDING_BARE, {}),
        (CONFIRMED, CONFIRMED | {"updates": True, "language": "cy"}, {"u.cy": 1}),
        (CONFIRMED | {"updates": True}, WITHDRAWN, {"v.v1": -1, "a.SW": -1, "u.": -1}),
        (CONFIRMED | {"updates": True}, CONFIRMED | {"updates": True, "undeliverable": "bounced"}, {"u.": -1}),
        (CONFIRMED, BARE | {"state": "confirmed"}, {"v.v1": -1, "a.SW": -1, "v.": 1, "a.abroad": 1}),
    ],
)
def test_every_transition_changes_the_current_numbers(before: Image, after: Image, numbers: dict[str, int]) -> None:
    [increment, _] = increments("77", before, after, NOW)
    assert increment == Increment(keys.current_numbers("safe-children", "2a"), "77", numbers)


@pytest.mark.parametrize(
    ("before", "after", "stages"),
    [
        (None, PENDING, [R]),
        (PENDING, PENDING, []),
        (PENDING, CONFIRMED, [C]),
        (PENDING, WITHDRAWN, [W]),
        (CONFIRMED, WITHDRAWN, [W]),
        (CONFIRMED, PENDING, [W, R]),  # The undo of an import.
        (WITHDRAWN, PENDING, [R]),
        (WITHDRAWN, None, []),
        (EXPIRED, None, [E]),
        (PENDING, None, []),
        (CONFIRMED, None, []),
        (PENDING, PENDING_BARE, []),
        (CONFIRMED, BARE, []),
        (None, PENDING | RESTORED, []),
        (None, CONFIRMED | RESTORED | {"mailed_at": AFTER}, []),
        (PENDING, CONFIRMED | RESTORED, []),
        (PENDING | RESTORED, CONFIRMED | RESTORED, [C]),
        (EXPIRED, PENDING | {"signed_at": AFTER}, [E, R]),
        (PENDING, PENDING | {"mailed_at": AFTER}, [M]),
        (PENDING, PENDING | {"mailed_at": SIGNED}, [M]),
        (PENDING | {"mailed_at": BEFORE}, PENDING | {"mailed_at": AFTER}, [M]),
        (PENDING | {"mailed_at": SIGNED}, PENDING | {"mailed_at": AFTER}, []),
        (PENDING | {"mailed_at": SIGNED}, CONFIRMED | {"mailed_at": SIGNED}, [C]),
        (CONFIRMED, CONFIRMED | {"mailed_at": AFTER}, [M]),
        (PENDING, PENDING | {"undeliverable": "bounced"}, [B]),
        (PENDING, PENDING | {"undeliverable": "rejected"}, [B]),
        (PENDING | {"undeliverable": "bounced"}, PENDING | {"undeliverable": "bounced"}, []),
        (CONFIRMED, CONFIRMED | {"undeliverable": "complained"}, []),
        (CONFIRMED | {"undeliverable": "complained"}, CONFIRMED | {"undeliverable": "bounced"}, [B]),
    ],
)
def test_every_change_passes_its_stages(before: Image, after: Image, stages: list[Stage]) -> None:
    passed = stages_passed(before or {}, after or {}, NOW)
    assert list(passed) == stages


TABLE = Constituencies(pack({"SW1A 1AA": "Upper Zed", "BT1 1AA": "Lower Zed"}))


@pytest.mark.parametrize(
    ("before", "after", "amounts"),
    [
        (None, PENDING, {}),
        (PENDING, CONFIRMED, {"k.Upper Zed": 1}),
        (PENDING, CONFIRMED | {"postcode": "BT1 1AA"}, {"k.Lower Zed": 1}),
        (CONFIRMED, CONFIRMED | {"mailed_at": AFTER}, {"k.Upper Zed": 0}),
        (CONFIRMED, CONFIRMED | {"postcode": "BT1 1AA"}, {"k.Upper Zed": -1, "k.Lower Zed": 1}),
        (CONFIRMED, WITHDRAWN, {"k.Upper Zed": -1}),
        (CONFIRMED, None, {"k.Upper Zed": -1}),
        (PENDING, WITHDRAWN, {}),
        (WITHDRAWN, PENDING, {}),
        (CONFIRMED, BARE, {"k.Upper Zed": -1}),
        (BARE, CONFIRMED, {"k.Upper Zed": 1}),
    ],
)
def test_a_constituency_counts_its_confirmed_signatures(before: Image, after: Image, amounts: dict[str, int]) -> None:
    found = list(constituency_increments("77", before, after, TABLE))
    numbers: dict[str, int] = {}
    for increment in found:
        numbers.update(increment.numbers)
    assert numbers == amounts
    constituencies = [name.removeprefix("k.") for name in amounts]
    counters = [counter_of("safe-children", "2a", constituency) for constituency in constituencies]
    assert [increment.counter for increment in found] == counters


def test_a_normal_signature_costs_five_small_writes() -> None:
    mailed = {"mailed_at": AFTER}
    changes: list[tuple[Image, Image]] = [
        (None, PENDING),
        (PENDING, PENDING | mailed),
        (PENDING | mailed, CONFIRMED | mailed),
    ]
    writes = []
    for old, new in changes:
        written = [increment for increment in increments("1", old, new, NOW) if increment.numbers]
        writes.append(len(written))
    assert writes == [2, 1, 2]

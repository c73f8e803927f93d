"""Hypothesis strategies for the way of a signature: who signs, from where, how often, and what fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.actors import Person
from tests.faults.injection import Fault
from tests.flows.world import NONE, Trouble

# Each person has several spellings of one email address.
PEOPLE: Sequence[tuple[Person, ...]] = [
    (Person("Alice Achterberg", "alice.achterberg@gmail.com"), Person("A A", "AliceAchterberg+sign@googlemail.com")),
    (Person("Bob Bakker", "bob.bakker@charity.example"), Person("Robert B", "Bob.Bakker+x@CHARITY.example")),
    (Person("Charlie Coster", "charlie.coster@mail.example"), Person("Charlie Coster", "charlie.coster@Mail.Example")),
]
# Few people, so that much happens to each signature.
SIGNERS = st.sampled_from([person for spellings in PEOPLE for person in spellings])
COUNTRIES, SOURCES = st.sampled_from(["GB", "NL"]), st.sampled_from([None, "bbc"])
CORRECTIONS = st.sampled_from(
    [
        {},
        {},
        {"name": "Ada Corrected", "updates": "yes"},
        {"updates": "no"},
        {"postcode": "SW1A 1AA"},
        {"postcode": "M1 1AE"},
        {"postcode": ""},
    ]
)
WHICH = st.integers(0, 30)
# A function that does not run; or "lost": the messages in the mail queue are lost.
BUT = st.sampled_from(["", "", "", "relay_mail", "send_mail", "send_mail", "lost"])


def _troubled(first: int, number: int, fault: Fault) -> Trouble:
    """Return faults for `number` calls, starting with call `first`."""
    return dict.fromkeys(range(first, first + number), fault)


# Most handlers make few AWS calls.
_FIRST = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 6])
_FAULTY = st.builds(_troubled, _FIRST, st.sampled_from([1, 1, 1, 2, 40]), st.sampled_from(Fault))
TROUBLE = st.sampled_from([False, False, False, True]).flatmap(lambda is_bad: _FAULTY if is_bad else st.just(NONE))


@dataclass(frozen=True)
class Way:
    """The way of a signature, with trouble in the step `where`."""

    who: Person
    country: str
    source: str | None
    times: int
    but: str
    meanwhile: str
    seconds: int
    end: str
    where: str
    trouble: Trouble

    def trouble_at(self, where: str) -> Trouble:
        return self.trouble if where == self.where else NONE


WAYS = st.builds(
    Way,
    who=SIGNERS,
    country=COUNTRIES,
    source=SOURCES,
    times=st.sampled_from([1, 1, 1, 2, 5]),
    but=BUT,
    meanwhile=st.sampled_from(["", "", "", "edit", "shards", "close soon", "open"]),
    seconds=st.sampled_from([0, 5, 5, 3600, 2 * 86_400]),
    end=st.sampled_from(["", "confirm", "confirm", "withdraw"]),
    where=st.sampled_from(["sign", "store_overflow", "relay_mail", "send_mail", "send_mail", "confirm", "withdraw"]),
    trouble=TROUBLE,
)

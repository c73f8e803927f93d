"""Hypothesis strategies for the way of a signature: who signs, from where, how often, and what fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.actors import Person
from tests.faults.injection import Fault, Faults
from tests.flows.world import NO_FAULTS

# Each person has several spellings of one email address.
PEOPLE: Sequence[tuple[Person, ...]] = [
    (Person("Alice Achterberg", "alice.achterberg@gmail.com"), Person("A A", "AliceAchterberg+sign@googlemail.com")),
    (Person("Bob Bakker", "bob.bakker@charity.example"), Person("Robert B", "Bob.Bakker+x@CHARITY.example")),
    (Person("Charlie Coster", "charlie.coster@mail.example"), Person("Charlie Coster", "charlie.coster@Mail.Example")),
    (Person("Dana Dekker", "dana@mailinator.com"),),  # Held: anybody gets an address of this domain for minutes.
]
SPELLINGS = [person for spellings in PEOPLE for person in spellings]
# Few people, so that much happens to each signature.
SIGNERS = st.sampled_from(SPELLINGS)
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
# Any index: it is taken modulo a list's length.
INDEXES = st.integers(0, 30)
SOME_INDEXES = st.lists(INDEXES, min_size=1, max_size=3)
# The function that does not run. "lost": all messages in the mail queue are lost.
OUTAGES = st.sampled_from(["", "", "", "relay_mail", "send_mail", "send_mail", "lost"])


def _faults_from(first: int, number: int, fault: Fault) -> Faults:
    """Return faults of `number` calls. The first of them is call `first`."""
    return dict.fromkeys(range(first, first + number), fault)


# Most handlers make few AWS calls.
_FIRST_CALLS = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 6])
_SOME_FAULTS = st.builds(_faults_from, _FIRST_CALLS, st.sampled_from([1, 1, 1, 2, 40]), st.sampled_from(Fault))
FAULTS = st.sampled_from([False, False, False, True]).flatmap(lambda bad: _SOME_FAULTS if bad else st.just(NO_FAULTS))
STEPS = ["sign", "store_overflow", "relay_mail", "send_mail", "send_mail", "confirm", "withdraw"]


@dataclass(frozen=True)
class Way:
    """The way of a signature, with faults in one step. `change` and `seconds` come before `last_step`."""

    signer: Person
    country: str
    source: str | None
    times: int
    outage: str
    change: str
    seconds: int
    last_step: str
    faulty_step: str
    faults: Faults

    def faults_at(self, step: str) -> Faults:
        return self.faults if step == self.faulty_step else NO_FAULTS


WAYS = st.builds(
    Way,
    signer=SIGNERS,
    country=COUNTRIES,
    source=SOURCES,
    times=st.sampled_from([1, 1, 1, 2, 5]),
    outage=OUTAGES,
    change=st.sampled_from(["", "", "", "edit", "shards", "close soon", "open"]),
    seconds=st.sampled_from([0, 5, 5, 3600, 2 * 86_400]),
    last_step=st.sampled_from(["", "confirm", "confirm", "withdraw"]),
    faulty_step=st.sampled_from(STEPS),
    faults=FAULTS,
)

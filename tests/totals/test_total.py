"""The total across platforms: its bounds hold for every possible overlap, and each bound can be reached."""

from dataclasses import dataclass, field

from hypothesis import example, given, strategies as st

from chalicelib.petitions.figure import Comparison, Figure
from chalicelib.tallies.count import Count
from chalicelib.totals.total import Total, total
from tests.actors import NOW, a_petition
from tests.petitions.test_figure import a_figure

PEOPLE = st.sets(st.integers(0, 30), max_size=30)


def total_of(confirmed: int, *figures: Figure) -> Total:
    return total(a_petition(figures=list(figures)), Count(confirmed, NOW))


def figures_of(counts: list[int]) -> list[Figure]:
    """Return a figure for each count, each from another source."""
    return [a_figure(f"source-{number}", count) for number, count in enumerate(counts)]


@given(PEOPLE, st.lists(PEOPLE, max_size=5))
def test_the_bounds_hold_for_every_overlap(here: set[int], elsewhere: list[set[int]]) -> None:
    sizes = [len(people) for people in elsewhere]
    found = total_of(len(here), *figures_of(sizes))
    assert found.at_least <= len(here.union(*elsewhere)) <= found.at_most


@given(st.integers(0, 100), st.lists(st.integers(0, 100), max_size=5))
def test_each_bound_can_be_reached(here: int, counts: list[int]) -> None:
    """The fewest people if each smaller place is a part of the larger ones, the most if nobody is in two places."""
    found = total_of(here, *figures_of(counts))
    nested: set[int] = set()
    apart: set[tuple[int, int]] = set()
    for place, size in enumerate([here, *counts]):
        nested.update(range(size))
        apart.update((place, person) for person in range(size))
    assert found.at_least == len(nested)
    assert found.at_most == len(apart)


def test_the_sentence_can_be_read_on_air() -> None:
    assert total_of(112_034, a_figure("freedom-united", 8_000), a_figure("paper", 501)).sentence == (
        "Exactly 112,034 people confirmed here; 8,501 elsewhere; together at least 112,034 and at most 120,535 people."
    )
    assert total_of(1).sentence == "Exactly 1 person confirmed here."


# A comparison of hashes reads our signatures while people sign and withdraw. More people do so afterwards.


@dataclass
class PeopleHere:
    """The people who are confirmed here. `withdrawn`: how many withdrawals there were.

    A comparison reads each person once. `walked`: the people whom it has read. `seen`: how many of them were confirmed
    when it read them. `shared`: how many of these were also in the source.
    """

    people: set[int]
    withdrawn: int = 0
    seen: int = 0
    shared: int = 0
    walked: set[int] = field(default_factory=set)

    def apply(self, event: tuple[str, int], theirs: set[int]) -> None:
        kind, person = event
        if kind == "signs":
            self.people.add(person)
        elif kind == "withdraws" and person in self.people:
            self.people.discard(person)
            self.withdrawn += 1
        elif kind == "is read" and person not in self.walked:
            self.walked.add(person)
            self.seen += person in self.people
            self.shared += person in self.people & theirs


EVERYBODY = range(12)
SOME_PEOPLE = st.sets(st.sampled_from(EVERYBODY))
EVENTS = st.lists(st.tuples(st.sampled_from(["signs", "withdraws"]), st.sampled_from(EVERYBODY)), max_size=12)


def compare(here: PeopleHere, theirs: set[int], during: list[tuple[str, int]], order: list[int]) -> Comparison:
    """Read everybody in this order, and apply the events of `during` in between."""
    before, steps = here.withdrawn, [("is read", person) for person in order]
    for number in range(max(len(steps), len(during))):
        for event in (*during[number : number + 1], *steps[number : number + 1]):
            here.apply(event, theirs)
    return Comparison(seen=here.seen, here=here.shared, withdrawn=before, compared_at=NOW)


def with_comparison(figure: Figure, comparison: Comparison) -> Figure:
    return figure.model_copy(update={"compared": comparison})


def total_with(here: PeopleHere, *figures: Figure) -> Total:
    count = Count(len(here.people), NOW, withdrawn=here.withdrawn)
    return total(a_petition(figures=list(figures)), count)


# Person 1 is in both places and withdraws here; person 2 is here only.
@example({1, 2}, {1}, [], [("withdraws", 1)], list(EVERYBODY), set())
@given(SOME_PEOPLE, SOME_PEOPLE, EVENTS, EVENTS, st.permutations(EVERYBODY), PEOPLE)
def test_the_bounds_hold_if_people_sign_and_withdraw_during_and_after_a_comparison(
    people: set[int],
    theirs: set[int],
    during: list[tuple[str, int]],
    after: list[tuple[str, int]],
    order: list[int],
    others: set[int],
) -> None:
    here = PeopleHere(people)
    known = with_comparison(a_figure("hashed", len(theirs)), compare(here, theirs, during, order))
    for event in after:
        here.apply(event, theirs)
    alone = total_with(here, known)
    found = total_with(here, known, a_figure("counted", len(others)))
    assert alone.at_least <= len(here.people | theirs) <= alone.at_most
    assert found.at_least <= len(here.people | theirs | others) <= found.at_most


@given(SOME_PEOPLE, SOME_PEOPLE, EVENTS, EVENTS, st.permutations(EVERYBODY))
def test_a_comparison_never_widens_the_bounds(
    people: set[int], theirs: set[int], during: list[tuple[str, int]], after: list[tuple[str, int]], order: list[int]
) -> None:
    here, figure = PeopleHere(people), a_figure("hashed", len(theirs))
    known = with_comparison(figure, compare(here, theirs, during, order))
    for event in after:
        here.apply(event, theirs)
    without_hashes, with_hashes = total_with(here, figure), total_with(here, known)
    assert without_hashes.at_least <= with_hashes.at_least <= with_hashes.at_most <= without_hashes.at_most


@given(SOME_PEOPLE, st.lists(SOME_PEOPLE, max_size=3))
def test_one_source_with_hashes_is_exact_and_each_bound_of_several_can_be_reached(
    people: set[int], sources: list[set[int]]
) -> None:
    figures: list[Figure] = []
    for number, theirs in enumerate(sources):
        comparison = compare(PeopleHere(set(people)), theirs, [], list(EVERYBODY))
        figures.append(with_comparison(a_figure(f"source-{number}", len(theirs)), comparison))
    found = total_with(PeopleHere(people), *figures)
    outside = [len(theirs - people) for theirs in sources]
    assert found.at_least == len(people) + max(outside, default=0)
    assert found.at_most == len(people) + sum(outside)
    if len(sources) < 2:
        assert found.at_least == found.at_most == len(people.union(*sources))

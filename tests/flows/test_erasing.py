"""Erasing while people confirm, withdraw and sign again, with the emulator's conditions and transactions."""

from contextlib import suppress
from datetime import timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import times
from chalicelib.core.errors import Conflicted
from chalicelib.core.tokens import Subject
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import recount
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.withdraw import erase, withdraw
from chalicelib.tallies.count import exact_count
from tests.flows.handlers import EmulatedSite
from tests.flows.test_races import NOW, all_signatures, run_at_once, sign_as
from tests.signatures.test_erase import ERASED_ATTRIBUTES


def test_concurrent_erasing_leaves_an_exact_count_and_no_personal_data(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    people = [f"a{number}" for number in range(30)]
    subjects = {name: sign_as(name, petition, emulator_tables) for name in people}
    for name in people[::2]:
        confirm(subjects[name], Corrections(), petition, NOW, emulator_tables)

    def act(task: tuple[str, str]) -> None:
        verb, name = task
        subject: Subject = subjects[name]
        with suppress(Conflicted):  # Another act changed the signature during each attempt. People then try again.
            if verb == "erase":
                erase(subject.key, petition, NOW, emulator_tables)
            elif verb == "withdraw":
                withdraw(subject.key, petition, NOW, emulator_tables)
            elif verb == "sign":
                sign_as(name, petition, emulator_tables)
            else:
                confirm(subject, Corrections(), petition, NOW, emulator_tables)

    verbs = ("erase", "confirm", "sign", "withdraw", "erase", "sign", "confirm")
    run_at_once(act, [(verb, name) for name in people for verb in verbs])
    items = all_signatures(petition, emulator_tables)
    assert len(items) == 30
    confirmed = sum(item["state"] == SignatureState.CONFIRMED for item in items)
    assert exact_count(petition, NOW, emulator_tables).confirmed == confirmed
    for item in items:
        if "erased_at" in item:
            assert item.keys() <= ERASED_ATTRIBUTES
        assert item["state"] == SignatureState.WITHDRAWN or "email" in item
    later = times.now() + timedelta(minutes=5)
    assert recount(petition, lambda: later, emulator_tables).drift == {}

"""Staff who remove signatures, put them back and release held ones, while supporters go on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.actors import Person, identity_of
from tests.faults.injection import Faults
from tests.flows.supporters import SLUG, Supporters
from tests.flows.ways import FAULTS, SPELLINGS, WAYS, Way
from tests.flows.world import NO_FAULTS

PATH = f"/api/staff/petitions/{SLUG}"
MEANT = st.sampled_from([{"name": "*"}, {"name": "*a*"}, {"source": "bbc"}, {"domain": "mailinator.com"}, *SPELLINGS])
STEPS = st.lists(st.sampled_from(["confirm", "remove", "undo", "release", "withdraw", "sign"]), max_size=3)
# Most random steps end before anything is put back.
USUAL = st.sampled_from([["remove", "undo"], ["remove"], ["release", "remove", "undo"], []])
ALL_STEPS = st.builds(lambda before, usual, after: [*before, *usual, *after], STEPS, USUAL, STEPS)


class Cleaners(Supporters):
    def __init__(self) -> None:
        super().__init__()
        self.removals: list[str] = []

    @rule(way=WAYS, steps=ALL_STEPS, meant=MEANT, waits=st.booleans(), faults=FAULTS)
    def clean_up(
        self, way: Way, steps: Sequence[str], meant: Person | dict[str, str], waits: bool, faults: Faults
    ) -> None:
        """After a confirmation, staff and its owner act in any order. If it `waits`, jobs are run by other rules."""
        self.follow(replace(way, outage="", change="", last_step="confirm"))
        condition = meant if isinstance(meant, dict) else {"ids": [identity_of(self.world.petition, meant)]}
        for step in steps:
            if step == "remove":
                self._remove(condition)
            elif step == "undo" and self.removals:
                self._start(f"removals/{self.removals[-1]}/undo", None)
            elif step == "release":
                self._start("held/release", {"condition": {}, "reason": "Real people"})
            elif step == "sign":
                self._sign_by_json(way.signer, way.country, way.source, NO_FAULTS)
            elif self.world.emails:
                self._take_last_step(self.world.emails[-1], step, NO_FAULTS)
            if not waits:
                self._work(faults)

    def _remove(self, condition: Any) -> None:
        started = self._start("removals", {"condition": condition, "reason": "One network"})
        if started:
            self.removals.append(started["id"])

    def _start(self, path: str, body: Any) -> Any:
        """Return what the answer says of the started job, or None if another runs."""
        answer = self.world.run("staff", lambda: self.world.post_as_bob(f"{PATH}/{path}", body))
        assert answer is not None
        assert answer.status_code in (202, 409), answer.body
        return answer.json_body if answer.status_code == 202 else None

    def _work(self, faults: Faults) -> None:
        """Run the job, first with faults, then as SQS delivers its message again."""
        for each in (faults, NO_FAULTS, NO_FAULTS):
            messages = self.world.channels["run_address_job"].messages
            if messages:
                self.world.deliver("run_address_job", messages[:1], each)

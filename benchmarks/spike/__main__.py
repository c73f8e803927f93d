"""`make spike`: run a spike, check it, draw it, and write `spike` into results.json. Exit code 1 if a check fails."""

import signal
from argparse import ArgumentParser
from typing import Any

from benchmarks import results
from benchmarks.spike.plan import SpikePlan, whole_plan
from benchmarks.spike.proof import Proof, prove
from benchmarks.spike.report import draw, figures, report
from benchmarks.spike.run import DRAINED, SpikeLog, SpikeRun
from benchmarks.spike.stage import spike_site
from stack.console import Failure, dim, run_main, say
from stack.paths import ROOT

CHART = ROOT / "docs" / "capacity" / "spike.svg"


def spike(plan: SpikePlan) -> tuple[SpikeLog, Proof, dict[str, Any]]:
    say(dim("Starting the local site ..."))
    with spike_site(plan) as site:
        log = SpikeRun(site, plan).run()
        met = site.local.set_faults({})
        met |= {f"SES {code}": number for code, number in site.faults()["mail_refused"].items()}
        proof = prove(site, log.sign_answers, log.confirm_answers)
        if DRAINED not in log.events:
            raise Failure(f"the queues were not drained in time: {proof}")
        return log, proof, figures(log, proof, site.emails(), met)


def main() -> None:
    parser = ArgumentParser(prog="make spike", description=__doc__)
    parser.add_argument("--signers", type=int, default=20_000)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # On SIGTERM, stop everything that was started.
    log, proof, measured = spike(whole_plan(options.signers))
    for line in report(measured):
        say(line)
    results.add({"spike": measured})
    draw(log, CHART)
    if not proof.is_good:
        raise Failure(f"a check of the signatures, counts and emails failed: {proof}")


if __name__ == "__main__":
    run_main(main)

"""`make spike`: run a spike, check it, draw it, and write `spike` into results.json. Exit code 1 if a check fails."""

import signal
from argparse import ArgumentParser
from typing import Any

from benchmarks import results
from benchmarks.model.local import compare
from benchmarks.spike.plan import SpikePlan, short_plan, whole_plan
from benchmarks.spike.progress import ProgressBars
from benchmarks.spike.proof import Proof, prove
from benchmarks.spike.report import figures, report
from benchmarks.spike.run import DRAINED, SpikeLog, SpikeRun
from benchmarks.spike.stage import start_stack
from stack.console import Failure, dim, run_main, say
from stack.paths import ROOT

CHART = ROOT / "docs" / "capacity" / "spike.svg"


def spike(plan: SpikePlan) -> tuple[SpikeLog, Proof, dict[str, Any]]:
    say(dim("Starting the embedded AWS and deploying to it ..."))
    with start_stack(plan) as spike_stack, ProgressBars() as progress:
        log = SpikeRun(spike_stack, plan, progress).run()
        proof = prove(spike_stack, log.sign_answers, log.confirm_answers)
        if DRAINED not in log.events:
            raise Failure(f"the queues were not drained in time: {proof}")
        return log, proof, figures(log, proof, spike_stack)


def main() -> None:
    parser = ArgumentParser(prog="make spike", description=__doc__)
    parser.add_argument("--signers", type=int, default=20_000)
    parser.add_argument(
        "--short", action="store_true", help="as in make slow: no quota, nobody signs again late, no results.json"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # On SIGTERM, stop everything that was started.
    make_plan = short_plan if options.short else whole_plan
    log, proof, figures = spike(make_plan(options.signers))
    if not options.short:
        figures["model"] = compare(figures)
    for line in report(figures):
        say(line)
    if not options.short:
        _store(log, figures)
    if not proof.is_good:
        raise Failure(f"a check of the signatures, counts and emails failed: {proof}")


def _store(log: SpikeLog, figures: dict[str, Any]) -> None:
    from benchmarks.spike import chart

    results.add({"spike": figures})
    chart.draw(log, CHART)
    say(dim(f"Chart: {CHART.relative_to(ROOT)}"))


if __name__ == "__main__":
    run_main(main)

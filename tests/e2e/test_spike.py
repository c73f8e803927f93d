"""A short spike on its own stack, with the crowd, faults and checks of `make spike`."""

from benchmarks.spike.__main__ import spike
from benchmarks.spike.plan import short_plan

SIGNERS = 100


def test_a_spike_with_a_table_outage_loses_no_signature_and_counts_none_twice() -> None:
    story, proof, measured = spike(short_plan(SIGNERS))
    assert proof.is_good, proof
    assert proof.accepted == proof.stored == proof.confirmed == proof.counted == SIGNERS
    # The test is only meaningful if faults happened, and if people signed and confirmed twice.
    assert measured["faults_met"]["table-cut"] > 0
    assert measured["peak_overflow"] > 0
    assert len(story.sign_answers) >= SIGNERS * 1.2
    assert len(story.confirm_answers) >= SIGNERS * 1.2

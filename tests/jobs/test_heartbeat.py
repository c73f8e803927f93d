"""A worker shows that it is alive until its run ends."""

from threading import Event

from chalicelib.jobs.run import heartbeat


def test_a_long_step_beats_until_it_ends() -> None:
    beats: list[float] = []
    three_beats = Event()

    def beat() -> None:
        beats.append(0)
        if len(beats) == 3:
            three_beats.set()

    with heartbeat(beat, wait=lambda is_over, _: is_over.wait(0.001)):
        assert three_beats.wait(5)
    after = len(beats)
    assert not Event().wait(0.02)
    assert len(beats) == after

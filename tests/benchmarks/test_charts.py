"""Charts are small, the same from run to run, and say that they are a model."""

from pathlib import Path

from benchmarks.model.scenarios import run, steady
from tests.benchmarks.test_model import SERVICE


def test_a_chart_is_identical_in_each_run(tmp_path: Path) -> None:
    from benchmarks.model import charts  # It loads matplotlib, which only one worker needs.

    done = [run(steady(200, 10), name, SERVICE, 60) for name in ("default", "raised")]
    drawn = []
    for name in ("one.svg", "two.svg"):
        charts.waiting(done, 60, "Few", tmp_path / name)
        drawn.append((tmp_path / name).read_text(encoding="utf-8"))
    assert drawn[0] == drawn[1]
    assert "(model)" in drawn[0]
    assert len(drawn[0]) < 50_000

"""Charts are small, the same from run to run, and show that they come from a model."""

from pathlib import Path

from benchmarks.model.scenarios import run, steady
from tests.benchmarks.test_model import SERVICE


def test_a_chart_is_identical_in_each_run(tmp_path: Path) -> None:
    from benchmarks.model import charts  # It loads matplotlib, which only one worker needs.

    runs = [run(steady(200, 10), name, SERVICE, 60) for name in ("default", "raised")]
    files = []
    for name in ("one.svg", "two.svg"):
        charts.over_time(runs, "people not yet answered", (60, 60), "Few", tmp_path / name)
        files.append((tmp_path / name).read_text(encoding="utf-8"))
    assert files[0] == files[1]
    assert "(model)" in files[0]
    assert len(files[0]) < 50_000

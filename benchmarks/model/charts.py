"""Draw the charts for docs/capacity as small SVG files. The same results give the same files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from benchmarks.model.conflicts import attempts_each
from benchmarks.model.scenarios import SimulationRun
from benchmarks.model.world import DAY_SECONDS, Amounts

# No dates and no random ids in the files, so that a diff shows real changes. "none" keeps text as text, not as curves.
mpl.rcParams.update({"svg.hashsalt": "petitions", "svg.fonttype": "none", "font.size": 9})
POINTS = 150
COLOURS = {"new": "#b00020", "default": "#c77700", "raised": "#00695c"}
Reading = Callable[[Amounts], float]


def waiting(runs: Sequence[SimulationRun], until: float, title: str, path: Path) -> None:
    _over_time(runs, until, 60, lambda amounts: amounts.waiting, (title, "minutes", "people not yet answered"), path)


def overflow(runs: Sequence[SimulationRun], until: float, title: str, path: Path) -> None:
    _over_time(runs, until, 60, lambda amounts: amounts.in_overflow, (title, "minutes", "in the overflow queue"), path)


def mail(runs: Sequence[SimulationRun], until: float, title: str, path: Path) -> None:
    labels = (title, "days", "mails not yet sent")
    _over_time(runs, until, DAY_SECONDS, lambda amounts: amounts.mail_behind, labels, path)


def conflicts(path: Path) -> None:
    """Draw how many transactions each confirmation starts, by confirmations a second."""
    axes = _axes("Confirmations that meet on a tally shard", "confirmations a second", "transactions for each")
    rates = [10 * 1.2**step for step in range(39)]  # from 10 to about 10,000 a second
    for shards in (10, 30, 90):
        axes.plot(rates, [attempts_each(rate, shards) for rate in rates], label=f"{shards} shards")
    axes.set_xscale("log")
    save(axes, path)


def _over_time(
    runs: Sequence[SimulationRun], until: float, unit: float, read: Reading, labels: tuple[str, str, str], path: Path
) -> None:
    axes = _axes(*labels)
    for run in runs:
        points = [(now / unit, read(amounts)) for now, amounts in run.world.history if now <= until]
        distance = max(1, len(points) // POINTS)
        fewer_points = [*points[::distance], points[-1]]
        times, values = zip(*fewer_points, strict=True)
        name = run.world.account.name
        axes.plot(times, values, label=f"{name} account", color=COLOURS[name])
    axes.set_ylim(bottom=0)
    save(axes, path)


def _axes(title: str, xlabel: str, ylabel: str) -> Axes:
    _, axes = pyplot.subplots(figsize=(6, 2.8), layout="constrained")
    axes.set(title=f"{title} (model)", xlabel=xlabel, ylabel=ylabel)
    axes.grid(visible=True, linewidth=0.3)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    return axes


def save(axes: Axes, path: Path) -> None:
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    pyplot.savefig(path, metadata={"Date": None})
    # matplotlib writes spaces at the ends of lines, about which git warns.
    lines = path.read_text(encoding="utf-8").splitlines()
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    pyplot.close()

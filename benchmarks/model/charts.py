"""Draw the charts for docs/capacity as small SVG files. The same results give the same files."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from benchmarks.model.simulate import DAY, Amounts, Simulation

# No dates and no random ids in the files, so that a diff shows real changes. "none" keeps text as text, not as curves.
mpl.rcParams.update({"svg.hashsalt": "petitions", "svg.fonttype": "none", "font.size": 9})
POINTS = 150
COLOURS = {"new": "#b00020", "default": "#c77700", "raised": "#00695c"}
BACKLOGS = {
    "people not yet answered": Amounts.waiting,
    "in the overflow queue": Amounts.in_overflow,
    "mails not yet sent": Amounts.mail_behind,
}


def over_time(runs: Sequence[Simulation], what: str, until: tuple[float, float], title: str, path: Path) -> None:
    """Draw a backlog of each run. `until`: the seconds that the chart shows, and the seconds of a unit of its axis."""
    seconds, unit = until
    axes = new_axes(f"{title} (model)", "days" if unit == DAY else "minutes", what)
    for run in runs:
        points = [(now / unit, BACKLOGS[what].__get__(amounts)) for now, amounts in run.history if now <= seconds]
        fewer = [*points[:: max(1, len(points) // POINTS)], points[-1]]
        name = run.account.name
        axes.plot(*zip(*fewer, strict=True), label=f"{name} account", color=COLOURS[name])
    axes.set_ylim(bottom=0)
    save(axes, path)


def new_axes(title: str, xlabel: str, ylabel: str, height: float = 2.8) -> Axes:
    _, axes = pyplot.subplots(figsize=(6, height), layout="constrained")
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.grid(visible=True, linewidth=0.3)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    return axes


def save(axes: Axes, path: Path) -> None:
    axes.legend(frameon=False)
    pyplot.savefig(path, metadata={"Date": None})
    # matplotlib writes spaces at the ends of lines, about which git warns.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")
    pyplot.close()

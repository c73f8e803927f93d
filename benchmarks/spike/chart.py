"""Draw the spike: responses and emails, and what waited."""

from pathlib import Path

from matplotlib import pyplot
from matplotlib.axes import Axes

from benchmarks.model.charts import POINTS, save
from benchmarks.spike.run import Story

LINES = {
    "answered": ("answered", "#00695c"),
    "mailed": ("mails sent", "#1a5fb4"),
    "overflow": ("in the overflow queue", "#b00020"),
    "mail": ("in the mail queues", "#c77700"),
}


def draw(story: Story, path: Path) -> None:
    _, axes = pyplot.subplots(figsize=(6, 3.2), layout="constrained")
    axes.set(title=f"{story.plan.signers:,} signers (measured, embedded stack)", xlabel="seconds", ylabel="number")
    thin = [*story.moments[:: max(1, len(story.moments) // POINTS)], story.moments[-1]]
    for name, (label, colour) in LINES.items():
        axes.plot([then.at for then in thin], [getattr(then, name) for then in thin], label=label, color=colour)
    _shade(axes, story)
    axes.grid(visible=True, linewidth=0.3)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    save(axes, path)


def _shade(axes: Axes, story: Story) -> None:
    """Shade the time of an outage."""
    for begins, ends, label, colour in (
        ("table refuses", "table is back", "table away", "#b00020"),
        ("SES quota spent", "mail resumed", "no mail: quota", "#c77700"),
    ):
        if begins in story.events and ends in story.events:
            axes.axvspan(story.events[begins], story.events[ends], alpha=0.15, label=label, color=colour, linewidth=0)

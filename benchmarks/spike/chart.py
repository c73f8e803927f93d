"""Draw a spike over time: the responses, the emails sent, and the messages that wait in the queues."""

from pathlib import Path

from matplotlib import pyplot
from matplotlib.axes import Axes

from benchmarks.model.charts import POINTS, save
from benchmarks.spike.run import SpikeLog

LINES = {
    "answered": ("answered", "#00695c"),
    "mailed": ("mails sent", "#1a5fb4"),
    "overflow": ("in the overflow queue", "#b00020"),
    "mail_waiting": ("in the mail queues", "#c77700"),
}


def draw(log: SpikeLog, path: Path) -> None:
    _, axes = pyplot.subplots(figsize=(6, 3.2), layout="constrained")
    axes.set(title=f"{log.plan.signers:,} signers (measured, embedded stack)", xlabel="seconds", ylabel="number")
    distance = max(1, len(log.moments) // POINTS)
    fewer_moments = [*log.moments[::distance], log.moments[-1]]
    times = [moment.at for moment in fewer_moments]
    for name, (label, colour) in LINES.items():
        values = [getattr(moment, name) for moment in fewer_moments]
        axes.plot(times, values, label=label, color=colour)
    _shade(axes, log)
    axes.grid(visible=True, linewidth=0.3)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    save(axes, path)


def _shade(axes: Axes, log: SpikeLog) -> None:
    """Shade the time of the table's outage, and the time without email because of the quota."""
    for begins, ends, label, colour in (
        ("table refuses", "table is back", "table away", "#b00020"),
        ("SES quota spent", "mail resumed", "no mail: quota", "#c77700"),
    ):
        if begins in log.events and ends in log.events:
            axes.axvspan(log.events[begins], log.events[ends], alpha=0.15, label=label, color=colour, linewidth=0)

"""Read the values that the cost and the model need from the template of the stack."""

from typing import Any, NamedTuple

from stack.template.merge import merge_template


class StreamReader(NamedTuple):
    """How a function reads a stream: in batches of at most `batch_size` records, gathered for `window` seconds."""

    batch_size: int
    window: int
    parallelization_factor: int


def parameter_default(parameter: str) -> float:
    """Return a parameter's default."""
    return float(merge_template()["Parameters"][parameter]["Default"])


def maximum_concurrency(function: str) -> int:
    """Return how many copies of a queue's worker run at once, at most. If a parameter sets this, use its default."""
    most = _source(function)["ScalingConfig"]["MaximumConcurrency"]
    return int(parameter_default(most["Ref"]) if isinstance(most, dict) else most)


def stream_reader(function: str) -> StreamReader:
    source = _source(function)
    window = source.get("MaximumBatchingWindowInSeconds", 0)
    return StreamReader(source["BatchSize"], window, source["ParallelizationFactor"])


def _source(function: str) -> dict[str, Any]:
    """Return the properties of the queue or stream that the function reads."""
    (source,) = merge_template()["Resources"][function]["Properties"]["Events"].values()
    properties: dict[str, Any] = source["Properties"]
    return properties

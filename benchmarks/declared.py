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
    (source,) = _resource(function)["Events"].values()
    concurrency = source["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    if isinstance(concurrency, dict):
        return int(parameter_default(concurrency["Ref"]))
    return int(concurrency)


def stream_reader(function: str) -> StreamReader:
    (source,) = _resource(function)["Events"].values()
    properties = source["Properties"]
    window = properties.get("MaximumBatchingWindowInSeconds", 0)
    return StreamReader(properties["BatchSize"], window, properties["ParallelizationFactor"])


def _resource(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = merge_template()["Resources"][name]["Properties"]
    return properties

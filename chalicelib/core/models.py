"""What our pydantic models have in common. Pydantic builds each at its first use, so a cold start is short."""

from pydantic import BaseModel, ConfigDict


class LazyModel(BaseModel):
    model_config = ConfigDict(defer_build=True)


class FrozenModel(LazyModel):
    model_config = ConfigDict(frozen=True)


class ClosedModel(LazyModel):
    """It refuses fields that it does not have."""

    model_config = ConfigDict(extra="forbid")


class FrozenClosedModel(FrozenModel):
    model_config = ConfigDict(extra="forbid")

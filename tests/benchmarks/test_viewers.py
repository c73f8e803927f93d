"""Viewers in the model: behind the CDN they change nothing, and without it they crowd out the signers."""

from dataclasses import replace

import pytest

from benchmarks.model.needs import needs
from benchmarks.model.scenarios import SimulationRun, run, steady
from benchmarks.model.service import Service
from benchmarks.model.world import Load

ALONE = Service(0.012, 0.025, 0.15, 0.014, 0.5, 0.115, 0.028, 0.0002)
SERVICE = replace(ALONE, view=0.014, view_requests=80, misses=39)
LOAD = steady(500, 30)


def short_run(load: Load, service: Service = SERVICE, account: str = "default") -> SimulationRun:
    return run(load, account, service, 600)


def test_behind_the_cdn_viewers_change_nothing_for_signers() -> None:
    crowd, alone = short_run(LOAD), short_run(LOAD, ALONE)
    assert crowd.world.amounts.viewed == pytest.approx(500 * 30 * 80)
    assert crowd.world.amounts.unseen == 0
    for name in ("peak_waiting", "longest_wait_s", "all_stored_s", "mailed_days"):
        assert crowd.figures[name] == alone.figures[name]


def test_without_the_cdn_signers_wait_and_most_views_are_refused() -> None:
    """40,500 requests a second against 10,000: each request passes with a chance of a quarter."""
    direct = short_run(replace(LOAD, has_cdn=False))
    assert direct.figures["views_refused"] == pytest.approx(0.75, abs=0.05)
    assert direct.figures["peak_waiting"] > 1_000
    assert list(direct.world.refusals.first)[:2] == ["pages: gateway", "gateway"]


def test_viewers_never_take_more_than_their_share_of_the_environments() -> None:
    direct = short_run(replace(LOAD, has_cdn=False), replace(SERVICE, view=1.0))
    assert direct.world.amounts.accepted == pytest.approx(500 * 30, rel=0.05)
    assert direct.figures["views_refused"] > 0.95


def test_without_the_cdn_the_gateway_needs_the_views_too() -> None:
    assert needs(1_000, SERVICE).gateway_rate == 3_039
    assert needs(1_000, SERVICE).gateway_rate_without_cdn == 83_000

"""Page views, ten for each signature. Behind the CDN few reach the API; without it, all compete with signing."""

from benchmarks.model.world import World


def view(world: World, arriving: float, signing: float, dt: float) -> None:
    """Share gateway and environments between viewers and `signing` requests in proportion. Refused views are lost."""
    amounts, service = world.amounts, world.service
    wanted = arriving * service.view_requests
    asked = min(wanted, service.misses * dt) if world.load.cached else wanted
    if not asked:
        return
    share = asked / (asked + signing)
    passed = world.gateway.take(min(asked, world.gateway.left * share))
    served = min(passed, world.account.concurrency * share * dt / service.view)
    world.busy["view"] = served * service.view / dt
    amounts.viewed += wanted
    amounts.unseen += asked - served
    world.refusals.add("pages: gateway", world.now, asked - passed)
    world.refusals.add("pages: Lambda", world.now, passed - served)

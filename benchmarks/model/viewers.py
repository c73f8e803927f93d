"""Page views, ten for each signature. With the CDN, few reach the API. Without it, all compete with signing."""

from benchmarks.model.world import World


def view(world: World, arriving: float, signing: float, dt: float) -> None:
    """Share gateway and environments between the requests of viewers and the `signing` requests, by their numbers.

    A viewer who is refused does not come back. `arriving`: how many new signers come in this step.
    """
    amounts, service = world.amounts, world.service
    wanted = arriving * service.view_requests
    # `misses`: requests a second that pass the CDN.
    at_api = min(wanted, service.misses * dt) if world.load.has_cdn else wanted
    if not at_api:
        return
    share = at_api / (at_api + signing)
    allowed = world.gateway.take(min(at_api, world.gateway.left * share))
    served = min(allowed, world.account.concurrency * share * dt / service.view)
    world.busy["view"] = served * service.view / dt
    amounts.viewed += wanted
    amounts.unseen += at_api - served
    world.refusals.add("pages: gateway", world.now, at_api - allowed)
    world.refusals.add("pages: Lambda", world.now, allowed - served)

"""The scenes of the routes without one of their own: the request succeeds, and an action of staff is recorded."""

from collections.abc import Collection, Iterator

from chalicelib.core.errors import Unavailable
from chalicelib.edge.routes import all_routes
from chalicelib.staff.audit.record import entries
from tests.actors import DAY, NOW
from tests.fake_site import FakeSite
from tests.faults.scenes import Act, Scene, assert_exact_counts, has_status
from tests.openapi.cases import Case
from tests.openapi.derived import derived_cases
from tests.openapi.stored import stored_items, with_tokens


def derived_scenes(handlers: Collection[str]) -> Iterator[Scene]:
    """Yield the scenes of the routes whose views are not among these handlers."""
    views = {(route.method, route.path): view for view, route in all_routes().items()}
    successes = {(case.method, case.route): case for case in derived_cases() if case.status < 300}
    for address, case in successes.items():
        if views[address] not in handlers:
            then = assert_exact_counts if case.method == "GET" else assert_action_is_recorded
            yield Scene(views[address], with_everything_stored, ask(case), then)


def with_everything_stored(fake_site: FakeSite) -> None:
    fake_site.tables.items.update({key: dict(item) for key, item in stored_items().items()})
    fake_site.scene_state.bobs_token = with_tokens("<bob>", fake_site)
    fake_site.scene_state.other_token_id = with_tokens("<bobs-id>", fake_site)


def ask(case: Case) -> Act:
    def act(fake_site: FakeSite) -> bool:
        state = fake_site.scene_state
        url = with_tokens(case.url.replace("<bobs-id>", state.other_token_id), fake_site)
        headers = {name: value.replace("<bob>", state.bobs_token) for name, value in case.headers.items()}
        try:
            answer = fake_site.client.http.request(case.method, url, headers=headers, body=case.body)
        except Unavailable:  # AWS failed in the authorizer, for which API Gateway answers 503.
            return False
        return has_status(answer, case.status)

    return act


def assert_action_is_recorded(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    assert list(entries(NOW - DAY, NOW + DAY, fake_site.tables))

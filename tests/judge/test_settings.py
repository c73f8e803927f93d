"""The template gives each function the secrets and other special settings that its code reads, and no others."""

import pytest

from chalicelib.edge.route import Function
from stack.template.functions import SECRETS, logical_id
from tests.judge.evidence import Evidence
from tests.template.packaged import FUNCTIONS, environment_of
from tests.template.test_settings import OIDC

pytestmark = pytest.mark.xdist_group("judge")


def readers(setting: str, evidence: Evidence) -> set[str]:
    return {logical_id(name) for name, settings in evidence.settings.items() if setting.lower() in settings}


@pytest.mark.parametrize("setting", sorted((SECRETS.keys() | OIDC) - {"ORIGIN_KEYS"}))
def test_exactly_the_functions_that_read_a_setting_get_it(setting: str, evidence: Evidence) -> None:
    assert readers(setting, evidence) == {name for name in FUNCTIONS if setting in environment_of(name)}


def test_every_function_that_may_have_to_know_a_request_of_the_cdn_gets_its_key(evidence: Evidence) -> None:
    """The scenes do not send each request as the CDN does (edge/http.py)."""
    given = {name for name in FUNCTIONS if "ORIGIN_KEYS" in environment_of(name)}
    assert readers("ORIGIN_KEYS", evidence) <= given
    assert given == {*Function}

"""The crowd of a spike is on this machine, but its first emails are limited as those of visitors are."""

from aiohttp.test_utils import make_mocked_request

from benchmarks.edge.record import Record
from benchmarks.spike.crowd_gateway import CrowdGateway
from chalicelib.signatures.network import network_hash
from tests.actors import LIMIT_KEYS, NOW


def test_the_crowd_has_the_limit_of_first_emails() -> None:
    request = make_mocked_request("POST", "/", {"X-Forwarded-For": "127.1.2.1"})
    forwarded = CrowdGateway("http://api.example", Record()).headers(request)["X-Forwarded-For"]
    visitor, _edge = forwarded.split(", ")
    assert visitor == "10.1.2.1"
    assert network_hash(visitor, NOW, LIMIT_KEYS)

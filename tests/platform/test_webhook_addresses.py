"""What a webhook's address shows before it is used: literal addresses and this machine's names, nothing else."""

import pytest

from shared.addresses import parse_networks, webhook_refusal

HERE = parse_networks("127.0.0.0/8")
INSIDE = parse_networks("10.20.0.0/16")


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("https://phones.example/hook", None),
        ("http://phones.example/hook", None),
        ("https://8.8.8.8/hook", None),
        ("http://8.8.8.8/hook", "needs_https"),
        ("https://127.0.0.1/hook", "private_address"),
        ("https://127.0.0.1./hook", "private_address"),
        ("https://localhost/hook", "private_address"),
        ("https://LOCALHOST./hook", "private_address"),
        ("https://kettle.localhost:8443/hook", "private_address"),
        ("https://localhost.example/hook", None),
        ("https://10.20.7.7/hook", "private_address"),
        ("https://192.168.0.10/hook", "private_address"),
        ("https://169.254.169.254/latest/meta-data", "private_address"),
        ("https://0.0.0.0/hook", "private_address"),
        ("https://[::1]/hook", "private_address"),
        ("https://[::ffff:10.0.0.1]/hook", "private_address"),
        ("https://[fe80::1%25eth0]/hook", "private_address"),
        ("https://[64:ff9b::a00:1]/hook", "private_address"),
    ],
)
def test_only_what_the_address_itself_shows_is_judged(url: str, refusal: str | None) -> None:
    assert webhook_refusal(url, ()) == refusal


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/hook", "https://127.9.9.9/hook", "http://localhost:8080/hook"])
def test_the_demo_may_reach_this_machine(url: str) -> None:
    assert webhook_refusal(url, HERE) is None


def test_a_network_that_is_allowed_may_be_reached_over_plain_http_too() -> None:
    assert webhook_refusal("http://10.20.7.7/hook", INSIDE) is None
    assert webhook_refusal("http://10.21.7.7/hook", INSIDE) == "private_address"
    assert webhook_refusal("http://localhost/hook", INSIDE) == "private_address"

"""Who can connect is told by the address; a port that is taken, or no port, is an error with what to do."""

import pytest

from core3d_search.errors import InputError
from core3d_search.listening import http_address, is_loopback, listen


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_only_this_machine_connects_to_a_loopback_address(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", "localhost.example.org", ""])
def test_others_may_connect_to_any_other(host):
    assert not is_loopback(host)


def test_a_free_port_is_listened_on_and_then_taken():
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        assert port > 0
        with pytest.raises(InputError, match=rf"cannot listen on 127\.0\.0\.1, port {port}.*--port"):
            listen("127.0.0.1", port)
    listen("127.0.0.1", port).close()


def test_a_place_that_is_not_on_this_machine_is_refused():
    with pytest.raises(InputError, match=r"no-such-host\.invalid.*--host"):
        listen("no-such-host.invalid", 0)


def test_an_address_of_six_has_brackets():
    assert http_address("::1", 80) == "http://[::1]:80"
    assert http_address("127.0.0.1", 80) == "http://127.0.0.1:80"

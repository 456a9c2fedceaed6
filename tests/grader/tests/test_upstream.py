"""The upstream proves concurrency without a clock: by barrier, by order, by connection."""

import socket
import struct
import threading
from collections.abc import Iterator

import httpx2
import pytest

from grader.checks import together
from grader.upstream import Upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream that answers at once."""
    service = Upstream()
    yield service
    service.close()


def ask(upstream: Upstream, path: str) -> httpx2.Response:
    """Ask over a connection of its own."""
    return httpx2.get(upstream.url + path, timeout=20, trust_env=False)


def test_calls_that_come_together_are_answered(upstream: Upstream) -> None:
    upstream.expect(together=3)
    answers = together(*(lambda path=path: ask(upstream, path) for path in ("/a", "/b", "/c")))
    assert [answer.json()["echo"] for answer in answers] == ["/a", "/b", "/c"]
    assert upstream.most_in_flight == 3


def test_the_newest_call_is_answered_first(upstream: Upstream) -> None:
    upstream.expect(together=5, newest_first=True)
    answered: list[int] = []
    together(*(lambda: answered.append(ask(upstream, "/").json()["number"]) for _ in range(5)))
    assert sorted(answered) == [1, 2, 3, 4, 5]
    assert answered[0] != 1, "the call that came first is answered last"


def test_calls_of_an_earlier_check_do_not_count(upstream: Upstream) -> None:
    upstream.expect(silent=True)
    left_over = threading.Thread(target=ask, args=(upstream, "/left-over"))
    left_over.start()
    assert upstream.is_reached(1)
    upstream.expect(together=1)
    ask(upstream, "/")
    assert upstream.most_in_flight == 1
    assert [call.path for call in upstream.calls] == ["/"]
    left_over.join(5)
    assert not left_over.is_alive()


def test_a_call_names_its_connection(upstream: Upstream) -> None:
    with httpx2.Client(base_url=upstream.url, trust_env=False) as client:
        for _ in range(2):
            client.get("/")
    ask(upstream, "/")
    connections = [call.connection for call in upstream.calls]
    assert connections[0] == connections[1] != connections[2]


def test_a_client_that_breaks_off_is_no_news(upstream: Upstream, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", upstream.port)) as client:
        reset_on_close = struct.pack("ii", 1, 0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_on_close)
    ask(upstream, "/")  # by then the broken connection has been noticed
    assert capfd.readouterr().err == ""


def test_when_nobody_comes_all_are_sent_away(upstream: Upstream) -> None:
    upstream.expect(together=3, patience=0.05)
    assert [ask(upstream, "/").status_code for _ in range(2)] == [503, 503]
    upstream.expect()
    assert ask(upstream, "/").status_code == 200


def test_it_can_hang_up(upstream: Upstream) -> None:
    upstream.expect(hang_up=True)
    with pytest.raises(httpx2.RemoteProtocolError):
        ask(upstream, "/")


def test_calls_on_their_way_can_be_awaited(upstream: Upstream) -> None:
    upstream.expect(silent=True)
    assert not upstream.is_reached(1, seconds=0.05)
    callers = [threading.Thread(target=ask, args=(upstream, "/")) for _ in range(20)]
    for caller in callers:
        caller.start()
    assert upstream.is_reached(20)
    upstream.expect()
    for caller in callers:
        caller.join(5)
    assert not any(caller.is_alive() for caller in callers)

"""The upstream proves concurrency without a clock: by barrier, by order, by connection."""

import socket
import struct
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
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(upstream.url, timeout=0.05, trust_env=False)
    upstream.expect(together=1)
    ask(upstream, "/")
    assert upstream.most_in_flight == 1
    assert [call.path for call in upstream.calls] == ["/"]


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

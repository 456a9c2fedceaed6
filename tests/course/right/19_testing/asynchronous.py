"""Differs: no TestClient; an async client on the app itself, its lifespan entered by hand, tests that await."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from api import app

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only."""
    return "asyncio"


def client_of_app() -> httpx2.AsyncClient:
    """Return a client that calls the app without a network."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://api")


@pytest.fixture
async def api() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the started app."""
    async with app.router.lifespan_context(app), client_of_app() as client:
        yield client


async def label(api: httpx2.AsyncClient, text: str, **query: float) -> tuple[int, str, float]:
    """Return status, label and probability of a text; "" and -1 for an error."""
    answer = await api.post("/classify", json={"text": text}, params=query)
    found = answer.json()
    return answer.status_code, found.get("label", ""), found.get("probability", -1)


async def test_start(api: httpx2.AsyncClient) -> None:
    assert (await api.get("/health/ready")).is_success


async def test_no_start() -> None:
    async with client_of_app() as client:
        assert [(await client.get(path)).status_code for path in ("/health/ready", "/stats")] == [503, 503]


async def test_edges_of_a_text(api: httpx2.AsyncClient) -> None:
    statuses = [(await label(api, "a" * size))[0] for size in (0, 1, 200, 201)]
    assert statuses == [422, 200, 200, 422]


async def test_edges_of_a_batch(api: httpx2.AsyncClient) -> None:
    statuses = [(await api.post("/classify-batch", json={"texts": ["a"] * n})).status_code for n in (0, 1, 8, 9)]
    assert statuses == [422, 200, 200, 422]


async def test_edges_of_a_threshold(api: httpx2.AsyncClient) -> None:
    statuses = [(await label(api, "a", threshold=value))[0] for value in (-0.5, 0, 1, 1.5)]
    assert statuses == [422, 200, 200, 422]


async def test_labels(api: httpx2.AsyncClient) -> None:
    _, spam, high = await label(api, "Winner! Click here for a free prize.")
    _, ham, low = await label(api, "Thanks for the meeting")
    assert (spam, ham) == ("spam", "ham")
    assert 0 <= low < high <= 1
    assert await label(api, "WINNER! CLICK HERE FOR A FREE PRIZE.") == (200, spam, high)
    assert (await label(api, "Thanks for the meeting", threshold=low / 2))[1] == "spam"


async def test_batch(api: httpx2.AsyncClient) -> None:
    texts = ["thanks", "free", "thanks", "prize", "An invoice"]
    batch = (await api.post("/classify-batch", json={"texts": texts})).json()
    assert [(200, each["label"], each["probability"]) for each in batch] == [await label(api, text) for text in texts]


async def test_memory(api: httpx2.AsyncClient) -> None:
    assert (await api.get("/stats")).json()["classified"] == 0
    await label(api, "thanks", threshold=0)
    assert (await label(api, "thanks meeting"))[1] == "ham"
    await api.post("/classify-batch", json={"texts": ["free prize", "free winner", "thanks meeting"]})
    assert (await api.get("/stats")).json() == {"classified": 5, "spam": 3}

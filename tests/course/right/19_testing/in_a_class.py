"""Differs: tests in classes, the client entered by each of them, requests by one helper that returns JSON."""

from typing import Any

from api import app
from fastapi.testclient import TestClient


def asked(client: TestClient, method: str, path: str, status: int = 200, **content: Any) -> Any:
    """Send a request, look at its status and return its JSON."""
    response = client.request(method, path, **content)
    assert response.status_code == status, response.text
    return response.json()


class TestLife:
    """Starting, and what lives as long as a start."""

    def test_readiness(self) -> None:
        asked(TestClient(app), "GET", "/health/ready", 503)
        with TestClient(app) as client:
            asked(client, "GET", "/health/ready")

    def test_counts(self) -> None:
        for _ in range(2):
            with TestClient(app) as client:
                assert asked(client, "GET", "/stats")["classified"] == 0
                asked(client, "POST", "/classify-batch", json={"texts": ["free prize"] * 4})
                asked(client, "POST", "/classify", json={"text": "thanks thanks"})
                assert asked(client, "GET", "/stats") == {"classified": 5, "spam": 4}

    def test_no_threshold_is_remembered(self) -> None:
        with TestClient(app) as client:
            for threshold in (0, 1):
                asked(client, "POST", "/classify", json={"text": "thanks thanks"}, params={"threshold": threshold})
            assert asked(client, "POST", "/classify", json={"text": "thanks thanks"})["label"] == "ham"
            assert asked(client, "POST", "/classify", json={"text": "free prize winner"})["label"] == "spam"


class TestContract:
    """What is let in."""

    def test_texts(self) -> None:
        with TestClient(app) as client:
            for size in (1, 200):
                asked(client, "POST", "/classify", json={"text": "é" * size})
            for size in (0, 201):
                asked(client, "POST", "/classify", 422, json={"text": "é" * size})

    def test_batches_and_thresholds(self) -> None:
        with TestClient(app) as client:
            assert len(asked(client, "POST", "/classify-batch", json={"texts": list("abcdefgh")})) == 8
            asked(client, "POST", "/classify-batch", 422, json={"texts": list("abcdefghi")})
            asked(client, "POST", "/classify-batch", 422, json={"texts": []})
            for threshold in (-1e-6, 1.000001):
                asked(client, "POST", "/classify", 422, json={"text": "a"}, params={"threshold": threshold})


class TestFilter:
    """What is answered."""

    def test_relations(self) -> None:
        with TestClient(app) as client:
            found = [
                asked(client, "POST", "/classify", json={"text": text})["probability"]
                for text in ("thanks meeting", "prize", "PRIZE", "prize winner")
            ]
            assert 0 < found[0] < found[1] == found[2] < found[3] < 1
            strict = asked(client, "POST", "/classify", json={"text": "free prize"}, params={"threshold": 1})
            assert strict["label"] == "ham"

    def test_batch(self) -> None:
        texts = ["winner", "thanks", "free", "winner", "click"]
        with TestClient(app) as client:
            one_by_one = [asked(client, "POST", "/classify", json={"text": text}) for text in texts]
            assert asked(client, "POST", "/classify-batch", json={"texts": texts}) == one_by_one

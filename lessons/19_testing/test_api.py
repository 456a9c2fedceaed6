"""Lesson 19: tests of a spam filter that notice when it breaks, and stay quiet when somebody only tidies it up."""

from collections.abc import Iterator

import pytest
from api import app
from fastapi.testclient import TestClient

SPAM, HAM = "You are a WINNER, click for your free prize", "Thanks for the meeting"
TEXTS = [SPAM, HAM, "An invoice", SPAM, "click", "A free meeting"]


# TODO 19.1: make a client whose app has started, a new one for each test
@pytest.fixture
def client() -> Iterator[TestClient]:
    raise NotImplementedError("Task 19.1")


def probability(client: TestClient, text: str) -> float:
    """Ask for one text and return the probability that it is spam."""
    found: float = client.post("/classify", json={"text": text}).json()["probability"]
    return found


# TODO 19.1: a test that the API is ready, and one that it answers 503 before it has started
def test_it_is_ready(client: TestClient) -> None:
    raise NotImplementedError("Task 19.1")


# TODO 19.2: tests of the limits: just allowed, and just not
def test_limits(client: TestClient) -> None:
    raise NotImplementedError("Task 19.2")


# TODO 19.3: tests of the predictions, by comparing answers: which change should matter, and which should not?
def test_predictions(client: TestClient) -> None:
    raise NotImplementedError("Task 19.3")


# TODO 19.4: tests of the batch: it should answer what the texts would get one by one
def test_batch(client: TestClient) -> None:
    raise NotImplementedError("Task 19.4")


# TODO 19.5: tests of what the API remembers, and of what it must forget
def test_memory(client: TestClient) -> None:
    raise NotImplementedError("Task 19.5")

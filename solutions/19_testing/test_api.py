"""Lesson 19: tests of a spam filter that notice when it breaks, and stay quiet when somebody only tidies it up."""

from collections.abc import Iterator

import pytest
from api import app
from fastapi.testclient import TestClient

SPAM, HAM = "You are a WINNER, click for your free prize", "Thanks for the meeting"
TEXTS = [SPAM, HAM, "An invoice", SPAM, "click", "A free meeting"]


# BEGIN SOLUTION 19.1: make a client whose app has started, a new one for each test
# STUB: @pytest.fixture
# STUB: def client() -> Iterator[TestClient]:
# STUB:     raise NotImplementedError("Task 19.1")
@pytest.fixture
def client() -> Iterator[TestClient]:
    """A client of the app, started for this test and stopped after it."""
    # Without `with`, the lifespan does not run: no model, and a 503 for everything.
    with TestClient(app) as started:
        yield started


# END SOLUTION


def probability(client: TestClient, text: str) -> float:
    """Ask for one text and return the probability that it is spam."""
    found: float = client.post("/classify", json={"text": text}).json()["probability"]
    return found


# BEGIN SOLUTION 19.1: a test that the API is ready, and one that it answers 503 before it has started
# STUB: def test_it_is_ready(client: TestClient) -> None:
# STUB:     raise NotImplementedError("Task 19.1")
def test_it_is_ready(client: TestClient) -> None:
    assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("path", ["/health/ready", "/stats"])
def test_before_the_start_it_is_not_ready(path: str) -> None:
    assert TestClient(app).get(path).status_code == 503


# END SOLUTION


# BEGIN SOLUTION 19.2: tests of the limits: just allowed, and just not
# STUB: def test_limits(client: TestClient) -> None:
# STUB:     raise NotImplementedError("Task 19.2")
@pytest.mark.parametrize(("length", "status"), [(0, 422), (1, 200), (200, 200), (201, 422)])
def test_a_text_has_1_to_200_characters(client: TestClient, length: int, status: int) -> None:
    # Only the status would not be enough everywhere; here it is the promise itself.
    assert client.post("/classify", json={"text": "x" * length}).status_code == status
    assert client.post("/classify-batch", json={"texts": ["x" * length]}).status_code == status


@pytest.mark.parametrize(("count", "status"), [(0, 422), (1, 200), (8, 200), (9, 422)])
def test_a_batch_has_1_to_8_texts(client: TestClient, count: int, status: int) -> None:
    assert client.post("/classify-batch", json={"texts": ["x"] * count}).status_code == status


@pytest.mark.parametrize(("threshold", "status"), [(-0.01, 422), (0, 200), (1, 200), (1.01, 422)])
def test_a_threshold_is_between_0_and_1(client: TestClient, threshold: float, status: int) -> None:
    for path, body in [("/classify", {"text": HAM}), ("/classify-batch", {"texts": [HAM]})]:
        assert client.post(path, json=body, params={"threshold": threshold}).status_code == status


# END SOLUTION


# BEGIN SOLUTION 19.3: tests of the predictions, by comparing answers: which change should matter, and which should not?
# STUB: def test_predictions(client: TestClient) -> None:
# STUB:     raise NotImplementedError("Task 19.3")
# A list of exact probabilities would break whenever the model is trained anew. Relations hold for every good filter.
def test_spam_is_likelier_spam_than_ham(client: TestClient) -> None:
    assert 0 <= probability(client, HAM) < 0.5 <= probability(client, SPAM) <= 1


def test_more_spam_words_make_it_likelier(client: TestClient) -> None:
    assert probability(client, "free") < probability(client, "free prize") < probability(client, "free free prize")


def test_capitals_make_no_difference(client: TestClient) -> None:
    assert probability(client, SPAM.upper()) == probability(client, SPAM.lower()) == probability(client, SPAM)


def test_the_label_follows_the_threshold(client: TestClient) -> None:
    exact = probability(client, "free")
    for threshold, label in [(exact, "spam"), (exact + 0.001, "ham"), (exact - 0.001, "spam")]:
        answer = client.post("/classify", json={"text": "free"}, params={"threshold": threshold})
        assert answer.json() == {"label": label, "probability": exact}


# END SOLUTION


# BEGIN SOLUTION 19.4: tests of the batch: it should answer what the texts would get one by one
# STUB: def test_batch(client: TestClient) -> None:
# STUB:     raise NotImplementedError("Task 19.4")
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9])
def test_a_batch_equals_its_singles_in_order(client: TestClient, threshold: float) -> None:
    query = {"threshold": threshold}
    singles = [client.post("/classify", json={"text": text}, params=query).json() for text in TEXTS]
    assert client.post("/classify-batch", json={"texts": TEXTS}, params=query).json() == singles


# END SOLUTION


# BEGIN SOLUTION 19.5: tests of what the API remembers, and of what it must forget
# STUB: def test_memory(client: TestClient) -> None:
# STUB:     raise NotImplementedError("Task 19.5")
def test_every_text_is_counted(client: TestClient) -> None:
    assert client.get("/stats").json() == {"classified": 0, "spam": 0}
    client.post("/classify", json={"text": SPAM})
    client.post("/classify-batch", json={"texts": [SPAM, SPAM, HAM]})
    client.post("/classify", json={"text": ""})
    assert client.get("/stats").json() == {"classified": 4, "spam": 3}


def test_a_threshold_holds_for_one_request(client: TestClient) -> None:
    before = client.post("/classify", json={"text": HAM}).json()
    client.post("/classify", json={"text": HAM}, params={"threshold": 0})
    client.post("/classify-batch", json={"texts": [HAM]}, params={"threshold": 0})
    assert client.post("/classify", json={"text": HAM}).json() == before
    assert client.post("/classify-batch", json={"texts": [HAM]}).json() == [before]


# END SOLUTION

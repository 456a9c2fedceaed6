"""Lesson 16: what a support desk relies on when its tickets are sorted, on texts that no learner was given."""

import json
import math
from collections.abc import Sequence
from random import Random
from typing import Any

from grader import App, Client, check
from grader.reference import embed

HEAD_FILE = "the-head.json"
# What customers write tomorrow, and what comes from anywhere but a customer.
TOMORROW = {
    "billing": (
        "The amount on the bill is higher than on your website. | I want my money back for the cancelled order. | "
        "You took the payment two times from my card. | The invoice is missing our tax number. | When do I get "
        "the refund? | My coupon did not lower the price. | Can I still pay by credit card? | I see an unknown "
        "charge on my bank statement. | Send me the receipt for my tax return, please. | The payment failed at "
        "the checkout, yet my bank shows it. | I got a payment reminder for an invoice that I have paid. | Is it "
        "possible to pay the amount in parts? | The refund was ten euros short. | You charged me for express "
        "although I chose standard."
    ),
    "delivery": (
        "My package has not arrived. | The tracking page shows nothing new since last week. | Can the courier "
        "come on Saturday? | I typed the wrong street: can you still redirect the parcel? | The delivery man "
        "threw the box over the fence. | How many days until it gets to Portugal? | Somebody signed for my "
        "shipment, but not me. | Part of my order was missing in the parcel. | Has my order left the warehouse "
        "yet? | The package is stuck at customs. | I was not at home when the driver came. | Do you ship to "
        "Canada? | The parcel was returned to the sender. | I waited all day and no courier showed up."
    ),
    "account": (
        "My password is not accepted. | I do not get the email for resetting my password. | Please close my "
        "account. | How can I update the email I sign in with? | I think my account has been hacked. | The "
        "verification code is always wrong. | I am locked out of my profile. | Stop sending me your newsletter. | "
        "Send me all the personal data that you keep on me. | I cannot create a new account with my email. | "
        "After the update the app asks for my login every time. | Can my colleague have a login of her own? | I "
        "lost the phone that I use for two-factor login. | My profile shows the name of somebody else."
    ),
    "defect": (
        "The blender does not turn on. | Water runs out of the coffee machine. | The handle of the kettle is "
        "loose. | My toaster smells of burnt plastic. | The glass lid is broken. | The mixer makes a terrible "
        "noise. | The buttons on the oven do not react. | The pan is bent and does not stand flat. | There is "
        "rust on the knife after one week. | The freezer does not freeze any more. | The screen of the scale "
        "flickers. | Sparks came out of the socket of the grill. | The seal of the pressure cooker is torn. | The "
        "power cord is damaged."
    ),
}
ANYWHERE = (
    "The heron stood by the river all morning. | Seven is a prime number. | Our choir sings Bach on Sunday. | The "
    "volcano erupted in the eighteenth century. | She scored twice in the second half. | Photosynthesis turns "
    "light into sugar. | My grandmother was born in a village near the sea. | The parliament voted on the new "
    "law. | Add the onions and let them simmer for an hour. | The train to Vienna is a poem in itself. | Whales "
    "sing across whole oceans. | He plays the cello better than the piano. | The mayor opened the new bridge. | "
    "Snow is expected in the mountains. | The museum shows paintings from the Renaissance. | Dinosaurs vanished "
    "sixty-six million years ago. | I dreamt of a forest full of owls. | The author wrote three novels and a "
    "play. | Bees dance to show each other the way. | A triangle has three sides."
)
LABELS = sorted(TOMORROW)
TICKETS = [(text, label) for label, texts in TOMORROW.items() for text in texts.split(" | ")]
ELSEWHERE = ANYWHERE.split(" | ")
NOUNS = (
    "anchor apple arrow badger banjo barn beetle bishop blanket bottle button camel candle canyon carpet "
    "castle cello cherry chimney cloud coral cradle dagger daisy desert drum eagle engine feather ferry "
    "flute forest fossil garlic glacier glove goat guitar hammer harbour helmet honey island jacket "
    "jungle kite ladder lantern lemon lizard magnet maple mirror monk mustard needle nutmeg ocean olive "
    "orchid otter oyster paddle parrot pumpkin rabbit violin volcano wagon walnut whistle willow window "
    "wizard yacht zebra "
)
GREETINGS = ["Hello!", "Hi there,", "Good morning.", "Dear team:"]
SURE = 1e-6
CLOSE = 1e-4


def environment(rng: Random) -> dict[str, str]:
    """Where every app of this lesson keeps its head."""
    return {"HEAD_FILE": HEAD_FILE}


@check("16.1")
def test_a_head_is_trained_at_start_up(client: Client) -> None:
    """Whoever sends the first ticket should find a head that has learnt, and be able to ask how good it is."""
    head = read_head(client)
    assert sorted(head["labels"]) == LABELS, (
        f"The head should know the labels of tickets.csv, {', '.join(LABELS)}, each once."
    )
    length = len(embed(["length"])[0])
    assert [len(row) for row in head["weights"]] == [length] * len(LABELS), (
        f"`weights` should have one row for each label, with {length} numbers in it: as many as an embedding has."
    )
    assert head["trained_on"] >= 60 and 0 <= head["accuracy"] <= 1, (
        "`trained_on` should be how many tickets it learnt from (there are more than a hundred), and `accuracy` the "
        "share of the tested ones that it got right."
    )


@check("16.1")
def test_the_texts_are_encoded_many_at_a_time(app: App, client: Client) -> None:
    """A model takes many texts in one go several times faster than one by one: minutes or hours, with real archives."""
    head = read_head(client)
    encodes = [encode.batch_size for encode in app.observed.encodes if encode.phase == "startup"]
    assert sum(encodes) >= head["trained_on"], (
        "The texts that the head learns from should be encoded at start-up: those of "
        f"{head['trained_on']} tickets, it says; {sum(encodes)} texts were."
    )
    assert len(encodes) <= 2 + sum(encodes) / 8, (
        f"`encode` takes a list of texts: {sum(encodes)} texts should not need {len(encodes)} calls."
    )


@check("16.1")
def test_it_is_right_about_new_tickets(client: Client, rng: Random) -> None:
    """What counts is not what it remembers of old tickets, but what it makes of those that come tomorrow."""
    head = read_head(client)
    tickets = rng.sample(TICKETS, 24)
    vectors = embed([text for text, _ in tickets])
    guesses = [likeliest(probabilities(head, vector))[0] for vector in vectors]
    right = sum(guess == label for guess, (_, label) in zip(guesses, tickets, strict=True))
    assert right >= 20, (
        f"Of {len(tickets)} tickets that it has never seen, a head with these weights gets {right} right; 20 are the "
        "least. It should learn from the embeddings of the texts as they are, and name the labels in the order of the "
        "rows of its weights."
    )


@check("16.2")
def test_probabilities_are_those_of_the_head(client: Client, rng: Random) -> None:
    """Whoever sets a threshold takes these numbers by their word: they are shares of one whole, one for each label."""
    head = read_head(client)
    texts = [text for text, _ in rng.sample(TICKETS, 3)]
    for answer, vector, text in zip(classified(client, texts), embed(texts), texts, strict=True):
        given = answer["probabilities"]
        assert set(given) == set(head["labels"]), f"Each label should have a probability: {', '.join(head['labels'])}."
        assert abs(sum(given.values()) - 1) <= SURE, (
            f"The probabilities of a text should sum to 1; those of {text!r} sum to {sum(given.values()):.4f}."
        )
        for label, expected in probabilities(head, vector).items():
            assert abs(given[label] - expected) <= CLOSE, (
                f"With the weights of GET /head, {text!r} is about {label} with {expected:.4f}, not "
                f"{given[label]:.4f}: a score is weights · embedding + bias, and the softmax of a text's scores its "
                "probabilities."
            )


@check("16.2")
def test_a_batch_answers_as_its_texts_alone(app: App, client: Client, rng: Random) -> None:
    """A ticket's label must not depend on who else wrote in the same minute."""
    texts = [f"{rng.choice(GREETINGS)} {text}" for text in rng.sample([*ELSEWHERE, *[text for text, _ in TICKETS]], 4)]
    before = app.observed.mark()
    batch = classified(client, texts)
    sizes = [encode.batch_size for encode in app.observed.since(before).encodes]
    assert sizes == [len(texts)], (
        f"The texts of a request should be encoded in one call, once: a list of {len(texts)}; it was {sizes}."
    )
    for answer, text in zip(batch, texts, strict=True):
        alone = classified(client, [text])[0]["probabilities"]
        assert all(abs(answer["probabilities"][label] - share) <= CLOSE for label, share in alone.items()), (
            f"{text!r} should get the same probabilities alone and among others, each at its own place."
        )


@check("16.3")
def test_it_does_not_know_about_whales(client: Client, rng: Random) -> None:
    """One of four labels is always the likeliest. A desk that gets poems and spam as sure cases stops trusting it."""
    sentences = rng.sample(ELSEWHERE, 12)
    answers = classified(client, sentences)
    unknown = sum(answer["label"] is None for answer in answers)
    assert unknown >= 8, (
        f"Of {len(sentences)} sentences that are no tickets, at least eight should get null for a label when the "
        f"caller says nothing of confidence; {unknown} did. Compare their highest probabilities with those of tickets."
    )


@check("16.3")
def test_it_knows_about_tickets(client: Client, rng: Random) -> None:
    """Each ticket without a label is read by a person: a classifier that is too modest is of no use."""
    tickets = rng.sample(TICKETS, 20)
    answers = classified(client, [text for text, _ in tickets])
    named = [answer for answer in answers if answer["label"] is not None]
    assert len(named) >= 13, (
        "Of 20 new tickets, 13 at least should get a label when the caller says nothing of confidence; "
        f"{len(named)} did. A lower threshold answers more, a higher one is wrong less often."
    )
    odd = [answer for answer in named if answer["label"] != likeliest(answer["probabilities"])[0]]
    assert not odd, f"`label` should be the most probable label, or null; here it was neither: {odd[:1]}."


@check("16.3")
def test_the_caller_says_how_sure_is_sure(client: Client, rng: Random) -> None:
    """A wrong refund costs more than a wrong newsletter: the same head serves callers with different stakes."""
    text = rng.choice(TICKETS)[0]
    likely, share = likeliest(classified(client, [text], min_confidence=0)[0]["probabilities"])
    for least, expected in ((0, likely), (share, likely), (math.nextafter(share, 1), None), (1, None)):
        label = classified(client, [text], min_confidence=least)[0]["label"]
        assert label == expected, (
            f"The most probable label of {text!r} is {likely} with {share!r}. With `min_confidence` {least!r}, `label` "
            f"should be {expected!r}: the label counts when its probability is as high as that, or higher."
        )


@check("16.4")
def test_the_head_is_written_down(app: App, client: Client) -> None:
    """A head that lives in one process is trained again after each crash, and no two servers share the same one."""
    head = read_head(client)
    assert kept(app) == head, (
        f"After the training, the file of the variable HEAD_FILE, here {HEAD_FILE}, should hold the head as JSON, the "
        f"same that GET /head shows. In the app's folder there are: {', '.join(app.scratch_files()) or 'no files'}."
    )


@check("16.4")
def test_after_a_restart_it_answers_the_same(app: App, client: Client, rng: Random) -> None:
    """Weights that come back nearly right are the worst kind: nothing fails, and the answers are a little different."""
    head = read_head(client)
    renamed = {label: f"{label}-{rng.randrange(10**6)}" for label in head["labels"]}
    head["labels"] = [renamed[label] for label in head["labels"]]
    texts = [text for text, _ in rng.sample(TICKETS, 3)]
    answers = classified(client, texts)
    with app.another(files={HEAD_FILE: json.dumps(head).encode()}) as later:
        begun = sum(encode.batch_size for encode in later.observed.encodes)
        assert begun < 16, (
            f"When {HEAD_FILE} is there, the app should load it and not train anew: no ticket is encoded at start-up."
        )
        for after, before in zip(classified(later.new_client(), texts), answers, strict=True):
            assert set(after["probabilities"]) == set(head["labels"]), (
                f"Started with a {HEAD_FILE} whose labels are {', '.join(head['labels'])}, it should answer with these."
            )
            for label, share in before["probabilities"].items():
                assert abs(after["probabilities"][renamed[label]] - share) <= SURE, (
                    "With the same weights in its file, the next process should answer with the same probabilities."
                )


@check("16.4")
def test_a_new_head_replaces_the_file(app: App, client: Client, rng: Random) -> None:
    """Whoever corrects the labels and trains anew would be back at the old head after the next deployment."""
    head = retrained(client, tickets_of_words(rng, labels=4, each=5))
    assert read_head(client) == head, "After PUT /head, GET /head should show the new head."
    assert kept(app) == head, f"After PUT /head, {HEAD_FILE} should hold the new head."


@check("16.5")
def test_nobody_is_tested_on_what_they_learnt(client: Client, rng: Random) -> None:
    """An accuracy measured on the lessons themselves is always splendid, and tells nothing of tomorrow's tickets."""
    tickets = tickets_of_words(rng, labels=10, each=5)
    head = retrained(client, tickets)
    assert head["accuracy"] < 0.6, (
        "These labels were drawn by lot, so nobody can guess those of unseen tickets: one of ten is right by luck. "
        f"An accuracy of {head['accuracy']:.2f} comes from what it knew already, or from texts that name their label."
    )
    assert head["trained_on"] + head["tested_on"] == len(tickets), (
        f"{len(tickets)} different tickets came: each should either be learnt from or tested on."
    )
    assert 0.2 <= head["tested_on"] / len(tickets) <= 0.3, (
        f"A quarter of the tickets should be tested on; it was {head['tested_on']} of {len(tickets)}."
    )


@check("16.5")
def test_copies_do_not_help(client: Client, rng: Random) -> None:
    """Customers send twice what matters to them. Learnt from one copy and tested on the other, that is no test."""
    tickets = tickets_of_words(rng, labels=10, each=5)
    copies = [{**ticket, "text": copy} for ticket in tickets for copy in copies_of(ticket["text"])]
    rng.shuffle(copies)
    head = retrained(client, copies)
    assert head["trained_on"] + head["tested_on"] == len(tickets), (
        f"{len(copies)} tickets came, each of {len(tickets)} in several copies that differ in capitals, spaces and "
        f"punctuation only. Of each, one should be used: {len(tickets)} in all."
    )
    assert head["accuracy"] < 0.6, (
        "These labels were drawn by lot, so nobody can guess those of unseen tickets. An accuracy of "
        f"{head['accuracy']:.2f} comes from copies of the tested tickets among those that were learnt from."
    )


@check("16.5")
def test_each_label_is_learnt_and_tested(client: Client, rng: Random) -> None:
    """Tickets come sorted, or nearly all of one kind. A label that is not in the test may be as bad as it likes."""
    tickets = tickets_of_words(rng, labels=6, each=4)
    most = tickets[0]["label"]
    by_label = [{**ticket, "label": most} for ticket in tickets[:8]] + tickets[8:]
    head = retrained(client, by_label)
    assert len(head["labels"]) == 5, (
        f"Five labels came, sorted, and the head has learnt {len(head['labels'])}: test on a quarter of each label."
    )
    again = retrained(client, by_label)
    assert again == head, (
        "The same tickets should give the same head and the same accuracy, or nobody can tell better data from luck: "
        "give the split a `random_state`."
    )


@check("16.5")
def test_too_few_tickets_are_refused(client: Client, rng: Random) -> None:
    """A head trained on next to nothing would take the place of a good one, and nobody would be told."""
    three, two = tickets_of_words(rng, labels=3, each=4), tickets_of_words(rng, labels=2, each=8)
    before = retrained(client, three)
    copied = [*three[1:], {**three[1], "text": three[1]["text"].upper() + "!"}]
    for tickets, what in ((three[1:], "three tickets"), (copied, "three different tickets"), ([], "no ticket at all")):
        response = client.put("/head", json={"tickets": tickets})
        assert response.status_code == 422, f"With {what} for a label, the answer should be 422: four are the least."
    response = client.put("/head", json={"tickets": two})
    assert response.status_code == 422, "With two labels, the answer should be 422: three are the least."
    assert read_head(client) == before, "After a refusal, the head that was there should still be in use."


def tickets_of_words(rng: Random, labels: int, each: int) -> list[dict[str, str]]:
    """Different texts whose labels are drawn by lot, sorted by label: there is nothing to be learnt from them."""
    nouns = rng.sample(NOUNS.split(), labels + labels * each)
    return [{"text": f"the {noun}", "label": nouns[place // each]} for place, noun in enumerate(nouns[labels:])]


def copies_of(text: str) -> list[str]:
    """A text as people type it when they send it again."""
    return [text, text.upper(), f"{text}!", f" «{text.replace(' ', '  ')}» "]


def read_head(client: Client) -> dict[str, Any]:
    """The head in use, as GET /head shows it."""
    response = client.get("/head")
    assert response.status_code == 200, (
        "GET /head should show the head in use, with 200: what the lifespan, or PUT /head, left in app.state.head."
    )
    return as_head(response.json())


def retrained(client: Client, tickets: list[dict[str, str]]) -> dict[str, Any]:
    """The head that PUT /head makes of these tickets."""
    response = client.put("/head", json={"tickets": tickets})
    assert response.status_code == 200, "PUT /head with enough labelled tickets should be answered with 200."
    return as_head(response.json())


def as_head(body: Any) -> dict[str, Any]:
    """A JSON value, if it has the shape of a head."""
    shape = {
        "labels": list,
        "weights": list,
        "bias": list,
        "trained_on": int,
        "tested_on": int,
        "accuracy": float | int,
    }
    assert isinstance(body, dict) and all(isinstance(body.get(key), kind) for key, kind in shape.items()), (
        f"A head should be an object with {', '.join(shape)}."
    )
    assert len(body["labels"]) == len(body["weights"]) == len(body["bias"]), (
        f"Each of the {len(body['labels'])} labels should have its row of `weights` and its number in `bias`."
    )
    return body


def kept(app: App) -> Any:
    """What the app's file holds, or None if it is no JSON."""
    file = app.process.scratch / HEAD_FILE
    try:
        return json.loads(file.read_bytes()) if HEAD_FILE in app.scratch_files() and file.is_file() else None
    except ValueError:
        return None


def classified(client: Client, texts: list[str], **options: float) -> list[dict[str, Any]]:
    """The answers for `texts`: as many, each with a label or null, and probabilities."""
    response = client.post("/classify", json={"texts": texts, **options})
    assert response.status_code == 200, "These texts are within the limits: they should be answered with 200."
    answers = response.json()
    assert isinstance(answers, list) and len(answers) == len(texts), f"{len(texts)} texts should get as many answers."
    for answer in answers:
        assert isinstance(answer, dict) and isinstance(answer.get("label", 0), str | None), (
            "Each answer should have a `label`: the name of one, or null."
        )
        shares = answer.get("probabilities")
        assert (
            isinstance(shares, dict) and shares and all(isinstance(share, float | int) for share in shares.values())
        ), "Each answer should have `probabilities`: an object with a number for each label."
    return answers


def probabilities(head: dict[str, Any], vector: Sequence[float]) -> dict[str, float]:
    """What a head makes of an embedding: the softmax of its scores."""
    scores = [
        sum(weight * number for weight, number in zip(row, vector, strict=True)) + bias
        for row, bias in zip(head["weights"], head["bias"], strict=True)
    ]
    powers = [math.exp(score - max(scores)) for score in scores]
    return {label: power / sum(powers) for label, power in zip(head["labels"], powers, strict=True)}


def likeliest(shares: dict[str, float]) -> tuple[str, float]:
    """The most probable label, and its probability."""
    return max(shares.items(), key=lambda item: item[1])

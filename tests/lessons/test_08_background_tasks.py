"""Lesson 08: what a client relies on that hands in work, follows it and collects the result."""

from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx2

from grader import App, Client, check
from grader.upstream import Upstream

ROUNDS = 100  # through the event loop before a check gives up; in a good app, what it waits for takes one or two
POLLS = 500  # of a state that does not change
WORDS = ["parcel", "delivery", "Größe", "shirt", "box", "naïve", "colour", "почта", "size"]


@check("8.1")
def test_feedback_is_answered_before_it_is_archived(app: App, upstream: Upstream, rng: Random) -> None:
    """Who says "wrong label" is doing you a favour, and closes the window if that hangs because an archive is slow."""
    upstream.expect(silent=True)
    pending = app.begin("POST", "/feedback", json=labelled(rng))
    waited_for(app, lambda: bool(upstream.calls) or pending.arrives(0))
    assert pending.arrives(1), (
        "The archive says nothing until the check lets it, and so does the app: the answer should come first. "
        "Hand the work to `tasks.add_task`, do not do it in the endpoint."
    )
    receipt(pending.answer())
    waited_for(app, lambda: bool(upstream.calls))  # else it might come in the middle of the next check


@check("8.1")
def test_feedback_gets_to_the_archive(app: App, client: Client, upstream: Upstream, rng: Random) -> None:
    """From these the next model learns: what does not get there as it was given was asked for in vain."""
    feedback = labelled(rng)
    id = receipt(client.post("/feedback", json=feedback))
    waited_for(app, lambda: bool(upstream.calls))
    assert upstream.calls, "The feedback should be sent on to the archive; nothing has come there."
    call, expected = upstream.calls[0], {"id": id, "examples": feedback}
    assert (call.method, call.path, call.body) == ("POST", "/archive", expected), (
        f"What should come at the archive is POST /archive with {expected}. "
        f"What came is {call.method} {call.path} with {call.body}."
    )


@check("8.1")
def test_feedback_that_is_not_archived_is_in_the_log(app: App, client: Client, upstream: Upstream, rng: Random) -> None:
    """The client has its answer and is gone. If the log is silent too, this feedback never was."""
    upstream.expect(status=500)
    id = receipt(client.post("/feedback", json=labelled(rng)))
    waited_for(app, lambda: id in app.output)
    assert id in app.output, (
        f"The archive answered 500, so the feedback is lost. The log should say so of {id}, its id: catch the "
        "exception and log it. (One that nobody catches is logged by the server, which knows of no id.)"
    )


@check("8.2")
def test_a_job_is_accepted_with_its_address(client: Client, rng: Random) -> None:
    """201 would say that it is done. 202 says "I have taken this on", and `Location` where to ask how it goes."""
    response = client.post("/jobs", json=new_job(rng))
    assert response.status_code == 202, "A new job is accepted, and not done yet: 202 Accepted."
    job = job_in(response.json())
    assert job["state"] in ("queued", "running") and job["error"] is None, (
        "A job that was just handed in is queued, or running already, and has no error."
    )
    location = response.headers.get("location", "")
    assert urlsplit(location).path == f"/jobs/{job['id']}", (
        f"The header `Location` should be the address of the job, /jobs/{job['id']}. It is {location or 'not there'}."
    )
    response = client.get(location)
    assert response.status_code == 200, "At the address in `Location` the job should be found, with 200."
    found = job_in(response.json())["id"]
    assert found == job["id"], "At the address in `Location` this very job should be found."


@check("8.2")
def test_an_id_cannot_be_guessed(client: Client, rng: Random) -> None:
    """Nobody logs in here: whoever knows an id sees the result. Number 41 has reason to wonder what 40 handed in."""
    first, second = submitted(client, new_job(rng)), submitted(client, new_job(rng))
    assert first != second, "Two jobs should have two ids, even if the same is asked of them."
    for id in (first, second):
        assert len(id) >= 16 and not set(id) <= set("0123456789"), (
            "An id should be too long and too random to be guessed: a UUID (version 4), or what `secrets` makes. "
            f"This one is {id}."
        )


@check("8.2")
def test_an_unknown_job_is_404(client: Client, rng: Random) -> None:
    """Told "queued" about a job that nobody has, a client would ask until the end of its days."""
    response = client.get(f"/jobs/{nobodys(rng)}")
    assert response.status_code == 404, "There is no job with this id: 404 Not Found."


@check("8.3")
def test_a_job_is_queued_then_running_then_done(client: Client, upstream: Upstream, rng: Random) -> None:
    """A state that is skipped, or comes back, makes a client repeat what is under way or wait for what is over."""
    idle(client, rng)
    upstream.expect(silent=True)
    id = submitted(client, new_job(rng))
    states = followed(client, id, until={"running", "done", "failed"})
    assert states[-1] == "running", (
        f"The other team's service has not answered yet, so the job cannot be over: it should be running. The states "
        f"seen so far: {', '.join(states)}."
    )
    upstream.expect()
    states += followed(client, id, until={"done", "failed"})
    assert once(states) in (["running", "done"], ["queued", "running", "done"]), (
        f"The service has answered, so the job should go from running to done. It went {', '.join(once(states))}."
    )
    assert job(client, id)["error"] is None, "A job that is done should have no error."


@check("8.3")
def test_each_job_has_its_own_result(client: Client, rng: Random) -> None:
    """Two customers, two results: exchanged or lost, they are worse than none."""
    handed_in = []
    for _ in range(2):
        new, expected = solvable(rng)
        handed_in.append((submitted(client, new), expected))
    for id, _ in handed_in:
        states = followed(client, id, until={"done", "failed"})
        assert states[-1] == "done", f"The job should come to its end and be done; it went {', '.join(states)}."
    for id, expected in handed_in:
        response = client.get(f"/jobs/{id}/result")
        assert response.status_code == 200, "A job that is done has a result: 200."
        body = response.json()
        assert body == {"labels": expected}, (
            f'The result should be what `label` returned for this job: {{"labels": {expected}}}.'
        )


@check("8.3")
def test_there_is_no_result_before_the_end(client: Client, upstream: Upstream, rng: Random) -> None:
    """200 with null or [] reads like a result: "no labels". 409 says that the job is not there yet, ask again."""
    idle(client, rng)
    upstream.expect(silent=True)
    id = submitted(client, new_job(rng))
    followed(client, id, until={"running", "done", "failed"})
    response = client.get(f"/jobs/{id}/result")
    assert response.status_code == 409, "This job is not done, so it has no result yet: 409 Conflict."
    response = client.get(f"/jobs/{nobodys(rng)}/result")
    assert response.status_code == 404, "There is no job with this id, so there never will be a result: 404."


@check("8.4")
def test_a_job_that_fails_says_so(app: App, client: Client, upstream: Upstream, rng: Random) -> None:
    """To be running for ever is the worst answer of all: nobody repeats the job, nobody looks into the log."""
    idle(client, rng)
    upstream.expect(status=500)
    id = submitted(client, new_job(rng))
    assert_failed(client, id, "The other team's service answered 500")
    waited_for(app, lambda: id in app.output)
    assert id in app.output, f"The log should have the exception, together with the id of the job, {id}."


@check("8.4")
def test_our_insides_stay_inside(client: Client, app: App, upstream: Upstream, rng: Random) -> None:
    """An exception is written for us: it names hosts, ports and files, which strangers should not get to know."""
    idle(client, rng)
    upstream.expect(status=500)
    id = submitted(client, new_job(rng))
    error = assert_failed(client, id, "The other team's service answered 500")
    host = app.env["UPSTREAM_URL"].removeprefix("http://")
    assert host not in error, (
        f"The error is for strangers, and should not say where our services are ({host}). `str(error)` does; "
        "write a sentence of your own, and leave the exception to the log."
    )


@check("8.4")
def test_the_next_job_is_done_all_the_same(client: Client, rng: Random) -> None:
    """One customer's odd data must not be the end of everybody else's jobs, least of all without a word."""
    word = invented(rng)
    odd = {"examples": {f"{word} one": "same", f"{word} two": "same"}, "texts": [word]}
    failing, (new, expected) = submitted(client, odd), solvable(rng)
    id = submitted(client, new)
    assert_failed(client, failing, "All examples have the same label, from which nothing can be learnt,")
    states = followed(client, id, until={"done", "failed"})
    assert states[-1] == "done", (
        f"After a job that failed, the next should be done as if nothing had happened; it went {', '.join(states)}. "
        "Does the worker survive an exception?"
    )
    body = client.get(f"/jobs/{id}/result").json()
    assert body == {"labels": expected}, f'Its result should be {{"labels": {expected}}}.'


@check("8.5", fresh=True)
def test_one_runs_three_wait_the_next_is_refused(client: Client, upstream: Upstream, rng: Random) -> None:
    """Without a bound, a bad day ends with the memory full of jobs, all of them handed in by clients who are gone."""
    upstream.expect(silent=True)
    running = submitted(client, new_job(rng))
    followed(client, running, until={"running", "done", "failed"})
    waiting: list[str] = []
    for _ in range(3):
        response = client.post("/jobs", json=new_job(rng))
        assert response.is_success, f"One job runs and {len(waiting)} wait: there is room for one more."
        waiting.append(job_in(response.json())["id"])
    states = [job(client, id)["state"] for id in waiting]
    assert states == ["queued"] * 3, (
        f"One job is being done, so the three after it should be queued. They are {', '.join(states)}."
    )
    response = client.post("/jobs", json=new_job(rng))
    assert response.status_code == 503, "One job is running and three wait: the next should be refused with 503."
    delay = response.headers.get("retry-after", "")
    assert delay.isdecimal() and int(delay) > 0, (
        "A 503 should say when to come back: the header `Retry-After`, in whole seconds."
    )
    upstream.expect()
    for id in (running, *waiting):
        states = followed(client, id, until={"done", "failed"})
        assert states[-1] == "done", f"Those who were accepted should be done in the end; one went {', '.join(states)}."
    submitted(client, new_job(rng))


@check("8.6", fresh=True)
def test_a_stop_says_what_it_loses(app: App, client: Client, upstream: Upstream, rng: Random) -> None:
    """Each deployment stops you. What was promised and is lost now, somebody has to hand in again: tell them which."""
    finished = idle(client, rng)
    upstream.expect(silent=True)
    running = submitted(client, new_job(rng))
    followed(client, running, until={"running", "done", "failed"})
    queued = submitted(client, new_job(rng))
    before = len(app.output)
    stopped = app.stop()
    said = app.output[before:]
    assert stopped.is_clean, (
        "The app should stop when it is asked to, and not wait for jobs that may take hours: it would be killed, "
        f"without a last word. Its exit code was {stopped.exit_code}."
    )
    for id, state in ((running, "running"), (queued, "queued")):
        assert id in said, f"The job {id} was {state} when the app was stopped: the log should name it as lost."
    assert finished not in said, f"The job {finished} was done: it is not among those that the stop has cost."


def waited_for(app: App, is_so: Callable[[], bool]) -> None:
    """Let the app go on with what it does until `is_so()`; or not, and then that is what the check finds."""
    for _ in range(ROUNDS):
        if is_so():
            return
        app.catch_up()


def followed(client: Client, id: str, until: set[str]) -> list[str]:
    """The states that a job is in from now on, each named once, up to one of `until`."""
    states: list[str] = []
    for _ in range(POLLS):
        states.append(job(client, id)["state"])
        if states[-1] in until:
            break
    return once(states)


def once(states: list[str]) -> list[str]:
    """The same list, without the repetitions of neighbours."""
    return [state for state, before in zip(states, ["", *states], strict=False) if state != before]


def job(client: Client, id: str) -> dict[str, Any]:
    """What the app says about a job."""
    response = client.get(f"/jobs/{id}")
    assert response.status_code == 200, "This job was handed in: `GET /jobs/{id}` should be answered with 200."
    return job_in(response.json())


def job_in(body: Any) -> dict[str, Any]:
    """The job in an answer, of the shape that was promised."""
    assert isinstance(body, dict) and set(body) == {"id", "state", "error"}, (
        "A job should have exactly the fields `id`, `state` and `error`."
    )
    assert isinstance(body["id"], str), "The id of a job should be a string."
    assert body["state"] in ("queued", "running", "done", "failed"), "A job is queued, running, done or failed."
    return body


def idle(client: Client, rng: Random) -> str:
    """Wait until nothing is left to do: hand in a job, follow it to its end and return its id."""
    id = submitted(client, new_job(rng))
    states = followed(client, id, until={"done", "failed"})
    assert states[-1] == "done", (
        f"A job that nothing stands in the way of should be done; it went {', '.join(states)}. "
        "Is it put in line, and is there a worker that takes it out?"
    )
    return id


def submitted(client: Client, new: dict[str, Any]) -> str:
    """Hand in a job and return its id; if the line is full, try again."""
    for _ in range(POLLS):
        response = client.post("/jobs", json=new)
        if response.status_code != 503:
            break
    assert response.is_success, "This job should be accepted."
    id = job_in(response.json())["id"]
    assert isinstance(id, str), "The id of a job should be a string."
    return id


def receipt(response: httpx2.Response) -> str:
    """The id in the answer to feedback."""
    assert response.status_code == 202, "Feedback should be accepted, whatever becomes of it in the archive: 202."
    body = response.json()
    id = body.get("id") if isinstance(body, dict) else None
    assert isinstance(id, str) and len(id) >= 16, 'The answer should be {"id": "…"}, with an id that nobody else gets.'
    return id


def assert_failed(client: Client, id: str, because: str) -> str:
    """Assert that a job comes to its end as one that failed, with a reason for people; return the reason."""
    states = followed(client, id, until={"done", "failed"})
    assert states[-1] == "failed", (
        f"{because}: the job should end as failed. It went {', '.join(states)}. "
        "An exception that nobody catches ends the worker, and then there is nobody left to change the state."
    )
    error = job(client, id)["error"]
    assert isinstance(error, str) and len(error.split()) > 2, "A job that failed should say so in a sentence: `error`."
    status = client.get(f"/jobs/{id}/result").status_code
    assert status == 409, f"A job that failed has no result: 409. It was {status}."
    return error


def labelled(rng: Random) -> dict[str, str]:
    """Some texts with labels."""
    return {f"{rng.choice(WORDS)} {rng.randrange(10**6)}": rng.choice(["good", "bad"]) for _ in range(2)}


def new_job(rng: Random) -> dict[str, Any]:
    """A job that can be done."""
    return solvable(rng)[0]


def solvable(rng: Random) -> tuple[dict[str, Any], list[str]]:
    """A job whose labels anybody can tell who has read the examples, and those labels."""
    words = {f"label-{number}-{rng.randrange(10**6)}": invented(rng) for number in range(rng.randint(2, 3))}
    examples = {f"{rng.choice(WORDS)} {word} {n}": label for label, word in words.items() for n in ("one", "two")}
    expected = rng.choices(list(words), k=rng.randint(2, 5))
    return {"examples": examples, "texts": [f"{words[label]} {rng.randrange(10**6)}" for label in expected]}, expected


def invented(rng: Random) -> str:
    """A word that nobody has used before."""
    return "".join(rng.choices("bdfgklmnprstvz", k=9))


def nobodys(rng: Random) -> str:
    """An id that nobody has got."""
    return f"{rng.getrandbits(128):032x}"

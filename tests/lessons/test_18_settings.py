"""Lesson 18: what those who run the scorer rely on."""

import hashlib
import hmac
from functools import partial
from random import Random
from string import ascii_letters, ascii_lowercase
from typing import Any

from grader import App, AppDied, Client, check, together

KEY = {"SCORER_SIGNING_KEY": "k" * 40}


def environment(rng: Random) -> dict[str, str]:
    """Every app of this lesson has neighbours, whose variables are none of its business."""
    return {"THRESHOLD": str(rng.randint(1, 9) / 100), "MAX_CHARS": "1", "ENVIRONMENT": "production"}


@check("18.1")
def test_the_threshold_comes_from_the_environment(app: App, rng: Random) -> None:
    """The same build runs in three places with three thresholds: what differs must not be in the code."""
    threshold = rng.randint(2, 8) / 10
    restarted(app, env={"SCORER_THRESHOLD": str(threshold)})
    for capitals, label in [(10 * threshold, "shouting"), (10 * threshold - 1, "calm")]:
        text = shuffled(rng, round(capitals))
        found = scored(app.new_client(), text)["label"]
        assert found == label, (
            f"With SCORER_THRESHOLD={threshold}, a text with {round(capitals)} capitals in 10 should be {label}."
        )


@check("18.1")
def test_the_limit_comes_from_the_environment(app: App, rng: Random) -> None:
    """Limits are the first thing to be turned in an emergency, by people who cannot build the code."""
    most = rng.randint(3, 60)
    restarted(app, env={"SCORER_MAX_CHARS": str(most)})
    scored(app.new_client(), "a" * most)
    response = app.new_client().post("/score", json={"text": "a" * (most + 1)})
    assert response.status_code == 413, (
        f"With SCORER_MAX_CHARS={most}, {most + 1} characters should be refused with 413."
    )


@check("18.1")
def test_a_duration_is_written_as_one(app: App, rng: Random) -> None:
    """`TTL=300` has cost people nights: seconds, minutes, milliseconds? A duration says its unit."""
    minutes, seconds = rng.randint(2, 50), rng.randint(1, 59)
    for written in (f"PT{minutes}M{seconds}S", f"00:{minutes:02}:{seconds:02}"):
        restarted(app, env={"SCORER_RESULT_TTL": written})
        found = scored(app.new_client(), "a")["valid_for"]
        assert found == minutes * 60 + seconds, (
            f"With SCORER_RESULT_TTL={written}, `valid_for` should be {minutes * 60 + seconds} seconds."
        )


@check("18.1")
def test_values_at_the_edge_are_taken_and_beyond_it_refused(app: App) -> None:
    """A threshold of 50 instead of 0.5 makes every text calm, and no error tells anybody."""
    edges = {
        "SCORER_THRESHOLD": (("0", "1"), ("-0.1", "1.1")),
        "SCORER_MAX_CHARS": (("1", "10000"), ("0", "10001")),
        "SCORER_RESULT_TTL": (("PT1S", "PT1H"), ("PT0S",)),
        "SCORER_ENVIRONMENT": (("development", "production"), ("prodcution",)),
    }
    for each in range(2):
        good = {name: values[each] for name, (values, _) in edges.items()}
        assert said(app, good | KEY) is None, f"With {named(good)} the app should start: these are just allowed."
    bad = [{name: value} for name, (_, values) in edges.items() for value in values]
    answers = together(*(partial(refused, app.another(each)) for each in bad))
    for given, answer in zip(bad, answers, strict=True):
        assert answer is not None, f"With {named(given)} the app should not start."


@check("18.1")
def test_only_variables_with_the_prefix_are_ours(app: App, rng: Random) -> None:
    """Every program of a machine sees the same environment: THRESHOLD, without our prefix, is somebody else's."""
    client = restarted(app, env={"SCORER_MAX_CHARS": "600"})
    scored(client, "a" * 600)
    for capitals, label in [(5, "shouting"), (4, "calm")]:
        result = scored(client, shuffled(rng, capitals))
        assert result["label"] == label, (
            "Without SCORER_THRESHOLD it should be 0.5. THRESHOLD belongs to somebody else."
        )
    assert result["valid_for"] == 300, "Without SCORER_RESULT_TTL, a result should be valid for 300 seconds."
    restarted(app, env={"SCORER_THRESHOLD": "1"})
    assert limit(app, 500) == 500, "Without SCORER_MAX_CHARS it should be 500. MAX_CHARS belongs to somebody else."
    assert scored(app.new_client(), shuffled(rng, 9))["label"] == "calm", "With SCORER_THRESHOLD=1, 9 of 10 are calm."


@check("18.2")
def test_a_file_is_read_and_the_environment_wins(app: App, rng: Random) -> None:
    """The file is the laptop's convenience; what the platform sets is meant, whatever a forgotten file says."""
    in_file, outside = rng.sample(range(10, 99), 2)
    file = {".env": f"SCORER_MAX_CHARS={in_file}\n".encode()}
    restarted(app, files=file)
    assert limit(app, in_file) == in_file, f"With SCORER_MAX_CHARS={in_file} in .env, that should be the limit."
    restarted(app, files=file, env={"SCORER_MAX_CHARS": str(outside)})
    assert limit(app, outside) == outside, (
        f"With {in_file} in .env and SCORER_MAX_CHARS={outside} in the environment, the environment should win."
    )


@check("18.2")
def test_a_misspelt_name_in_the_file_stops_the_start(app: App) -> None:
    """A typo in a file looks right to everybody who reads it: only the program can notice."""
    message = said(app, files={".env": b"SCORER_MAX_CHRAS=5\n"})
    assert message is not None, "With the unknown name SCORER_MAX_CHRAS in .env, the app should not start."
    assert "max_chras" in message.lower(), "The message should name SCORER_MAX_CHRAS: that is the line to mend."


@check("18.2")
def test_lines_of_other_programs_are_left_alone(app: App, rng: Random) -> None:
    """One .env serves the database, the proxy and us: their lines are none of our business."""
    most = rng.randint(10, 99)
    lines = f"# shared by all\nPOSTGRES_PASSWORD=hidden\nSCORER_MAX_CHARS={most}\nDEBUG=1\n"
    problem = said(app, files={".env": lines.encode()})
    assert problem is None, "With POSTGRES_PASSWORD and DEBUG in .env, too, the app should start: they are not ours."
    assert limit(app, most) == most, (
        f"With SCORER_MAX_CHARS={most} among other lines in .env, that should be the limit."
    )


@check("18.3")
def test_every_wrong_variable_is_named_at_once(app: App) -> None:
    """Whoever reads this is deploying at night: the names to mend, all of them, and no guessing."""
    wrong = {"SCORER_THRESHOLD": "half", "SCORER_MAX_CHARS": "many", "SCORER_RESULT_TTL": "soon"}
    message = said(app, wrong)
    assert message is not None, "With three values that are no numbers, the app should not start."
    missing = [name for name in wrong if name not in message]
    assert not missing, f"The message should name every wrong variable in full; {', '.join(missing)} is not in it."


@check("18.3")
def test_the_message_says_what_was_expected(app: App) -> None:
    """ "Invalid configuration" sends people into the source; a sentence about the value sends them to the value."""
    for name, value, expected in [
        ("SCORER_THRESHOLD", "high", "number"),
        ("SCORER_MAX_CHARS", "12.5", "integer"),
        ("SCORER_ENVIRONMENT", "stagign", "'production'"),
    ]:
        message = said(app, {name: value})
        assert message is not None, f"With {name}={value} the app should not start."
        line = next((each for each in message.splitlines() if name in each), "")
        assert expected in line, (
            f"Beside {name}, the message should say what is wrong; Pydantic says it: … {expected} …"
        )
        assert "Traceback" not in message.partition(name)[2], "After the names there should be no second traceback."


@check("18.4")
def test_results_are_signed_with_the_key(app: App, rng: Random) -> None:
    """A secret that is read and not used protects nothing; and one that is shown protects nobody."""
    key = new_key(rng)
    client = restarted(app, env={"SCORER_SIGNING_KEY": key})
    text = shuffled(rng, rng.randint(0, 10))
    result = scored(client, text)
    message = f"{result['label']}:{text}".encode()
    expected = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
    assert result["signature"] == expected, "The signature should be made with the key in SCORER_SIGNING_KEY."
    assert key not in client.get("/openapi.json").text, "/openapi.json should not show the key."
    assert key not in app.output, "The app logs its settings when it starts: the key should not be in the log."


@check("18.4")
def test_a_key_that_is_too_short_is_refused_and_not_shown(app: App, rng: Random) -> None:
    """Start-up errors are pasted into tickets and chats: a short key is still a key, and often the real one cut off."""
    for length in (8, 31):
        key = new_key(rng)[:length]
        message = said(app, {"SCORER_SIGNING_KEY": key})
        assert message is not None, f"A key of {length} characters should be refused: 32 is the least."
        assert key not in message, "What the app says when it refuses a key should not show the key."
    restarted(app, env={"SCORER_SIGNING_KEY": new_key(rng)[:32]})
    scored(app.new_client(), "A")


@check("18.5")
def test_production_needs_a_key_of_its_own(app: App, rng: Random) -> None:
    """A default secret is in the source, so everybody has it; and the day it matters, nobody remembers."""
    production = {"SCORER_ENVIRONMENT": "production"}
    message = said(app, production)
    assert message is not None, "In production, without SCORER_SIGNING_KEY, the app should not start."
    assert "SCORER_SIGNING_KEY" in message, "The message should say what production needs: SCORER_SIGNING_KEY."
    restarted(app, env=production | {"SCORER_SIGNING_KEY": new_key(rng)})
    scored(app.new_client(), "A")


@check("18.5")
def test_development_makes_up_a_key_at_each_start(app: App, rng: Random) -> None:
    """On a laptop nobody should have to invent a secret; and one that changes is never taken for a real one."""
    signatures = set()
    for _ in range(2):
        problem = said(app)
        assert problem is None, "In development the app should start without SCORER_SIGNING_KEY."
        signatures.add(scored(app.new_client(), "A")["signature"])
    assert len(signatures) == 2, "Each start without a key should make up another one: these two signed alike."


def said(app: App, env: dict[str, str] | None = None, files: dict[str, bytes] | None = None) -> str | None:
    """Start the app anew and return what it printed when it refused to; None when it started."""
    try:
        app.restart(env=env, files=files)
    except AppDied as died:
        return died.fault.output
    return None


def restarted(app: App, env: dict[str, str] | None = None, files: dict[str, bytes] | None = None) -> Client:
    """Start the app anew, as it should start, and return a client of it."""
    given = [*([named(env)] if env else []), *(f"this .env: {each.decode()!r}" for each in (files or {}).values())]
    assert said(app, env, files) is None, f"With {' and '.join(given)} the app should start."
    return app.new_client()


def refused(app: App) -> str | None:
    """Start one more app, end it, and return what it printed when it refused to start; None when it started."""
    try:
        with app:
            return None
    except AppDied as died:
        return died.fault.output


def named(env: dict[str, str]) -> str:
    """Return variables as one types them."""
    return " ".join(f"{name}={value}" for name, value in env.items())


def scored(client: Client, text: str) -> dict[str, Any]:
    """Score a text and return the answer."""
    response = client.post("/score", json={"text": text})
    assert response.status_code == 200, f"A text of {len(text)} characters should be scored: 200."
    answer = response.json()
    assert isinstance(answer, dict) and {"label", "signature", "valid_for"} <= answer.keys(), (
        "The answer should be a `ScoreResponse`, as the stub has it."
    )
    return answer


def limit(app: App, guess: int) -> int:
    """Return the most characters that the app takes, if that is `guess`; one off it otherwise."""
    taken = [app.new_client().post("/score", json={"text": "a" * n}).status_code for n in (guess, guess + 1)]
    return guess if taken == [200, 413] else guess - 1 if taken[0] == 413 else guess + 1


def shuffled(rng: Random, capitals: int) -> str:
    """Return ten random letters in random order, so many of them capitals."""
    letters = [rng.choice(ascii_lowercase) for _ in range(10)]
    for place in rng.sample(range(10), capitals):
        letters[place] = letters[place].upper()
    return "".join(letters)


def new_key(rng: Random) -> str:
    """Make up a key of 40 characters."""
    return "".join(rng.choices(ascii_letters, k=40))

"""Lesson 19: what a team relies on that lives with these tests."""

from pathlib import Path
from random import Random

from grader import Suite, SuiteRun, check

API = Path(__file__).parents[2].joinpath("solutions", "19_testing", "api.py").read_text(encoding="utf-8")

# Each is the API with one thing broken: what goes, and what comes instead.
READY_BEFORE_THE_START = (
    "        raise HTTPException(503",
    "        return SpamFilter()\n        raise HTTPException(503",
)
LIMITS = {
    "empty texts are let in": ("min_length=1, max_length=200", "max_length=200"),
    "one character too many is let in": ("max_length=200", "max_length=201"),
    "a ninth text is let in": ("min_length=1, max_length=8", "min_length=1, max_length=9"),
    "any threshold is let in": ("Query(ge=0, le=1)", "Query()"),
}
PREDICTIONS = {
    "the probability is a percentage": ("probability=probability)", "probability=probability * 100)"),
    "capitals are another language": ("text.lower()", "text"),
    "the threshold is ignored": ("is_spam = probability >= threshold", "is_spam = probability >= 0.5"),
}
BATCHES = {
    "the batch comes back sorted": ("for text in messages.texts]", "for text in sorted(messages.texts)]"),
    "a text that comes twice is answered once": (
        "for text in messages.texts]",
        "for text in dict.fromkeys(messages.texts)]",
    ),
}
MEMORY = {
    "a batch counts as one text": (
        "    return [judge(model, text, threshold) for text in messages.texts]",
        "    before = app.state.classified\n    found = [judge(model, text, threshold) for text in messages.texts]\n"
        "    app.state.classified = before + 1\n    return found",
    ),
    "a threshold stays for those who come after": (
        "threshold: Threshold = 0.5) -> Verdict:\n",
        "threshold: Annotated[float | None, Query(ge=0, le=1)] = None) -> Verdict:\n"
        "    if threshold is not None:\n        app.state.filter.threshold = threshold\n"
        "    threshold = getattr(app.state.filter, 'threshold', 0.5)\n",
    ),
    "the counts go on after a new start": (
        "app.state.classified = app.state.spam = 0",
        "old = app.state._state\n"
        "    app.state.classified, app.state.spam = old.get('classified', 0), old.get('spam', 0)",
    ),
}


@check("19.1")
def test_the_tests_pass_on_the_api_as_it_is(suite: Suite) -> None:
    """A suite that is red on a good API is switched off within a week, and then it guards nothing."""
    run = suite.run(API)
    assert run.is_green, f"The API is right, so every test should pass and none be skipped. {told(run)}"
    assert len(run.passed) >= 5, f"One test for each task is the least; there are {len(run.passed)}."


@check("19.1")
def test_the_tests_pass_when_the_api_is_only_tidied_up(suite: Suite, rng: Random) -> None:
    """Tests that break when nothing is broken teach people to change the test until it is green."""
    trained = rng.randint(90, 115) / 100
    for what, api in {
        "the endpoints are async def, and names and messages inside are others": rewritten(),
        f"the model was trained anew (its weights are {trained} times the old ones)": retrained(trained),
    }.items():
        run = suite.run(api)
        assert run.is_green, f"The API keeps every promise, but {what}. The tests should still pass. {told(run)}"


@check("19.1")
def test_they_notice_that_it_is_ready_before_it_has_started(suite: Suite) -> None:
    """A replica that says it is ready without a model is given traffic, and loses every request."""
    assert_notices(suite, "it answers before it has started, when there should be a 503", READY_BEFORE_THE_START)


@check("19.2")
def test_they_notice_when_a_limit_moves(suite: Suite) -> None:
    """Limits break by one, and by accident: only a test at the very edge can see it."""
    assert_notices_all(suite, LIMITS)


@check("19.3")
def test_they_notice_when_predictions_are_wrong(suite: Suite) -> None:
    """A model that answers nonsense answers 200: a test that looks at the status alone sees nothing."""
    assert_notices_all(suite, PREDICTIONS)


@check("19.4")
def test_they_notice_when_a_batch_is_not_its_singles(suite: Suite) -> None:
    """A batch in the wrong order gives every text somebody else's answer, and every answer looks fine."""
    assert_notices_all(suite, BATCHES)


@check("19.5")
def test_they_notice_what_is_remembered_wrongly(suite: Suite) -> None:
    """What one request leaves behind for the next shows only to a test that sends two."""
    assert_notices_all(suite, MEMORY)


def assert_notices_all(suite: Suite, bugs: dict[str, tuple[str, str]]) -> None:
    """Assert that the tests notice each of these bugs."""
    suite.run(API)
    suite.run_all({what: broken(change) for what, change in bugs.items()}, is_brief=True)
    for what, change in bugs.items():
        assert_notices(suite, what, change)


def assert_notices(suite: Suite, what: str, change: tuple[str, str]) -> None:
    """Assert that a test which passes on the good API fails on the one with this bug."""
    good, bad = suite.run(API), suite.run(broken(change), is_brief=True)
    assert good.passed and bad.failed, (
        f"This API has a bug: {what}. At least one test should fail on it, and every test passed."
    )


def broken(change: tuple[str, str]) -> str:
    """Return the API with one change."""
    old, new = change
    if API.count(old) != 1:
        raise RuntimeError(f"{old!r} stands {API.count(old)} times in the API of lesson 19")
    return API.replace(old, new)


def rewritten() -> str:
    """Return the API as somebody else might have written it."""
    api = API.replace("\ndef read_", "\nasync def read_").replace("\ndef classify", "\nasync def classify")
    api = api.replace("SpamFilter", "Model").replace("def judge(", "def decide(").replace("judge(model", "decide(model")
    return api.replace("The model is not loaded.", "Not yet.").replace(
        "1 / (1 + math.exp(-BIAS - sum(", "0.5 + 0.5 * math.tanh(0.5 * (BIAS + sum("
    )


def retrained(factor: float) -> str:
    """Return the API with a model whose words weigh a little more, or less."""
    return API.replace("WEIGHTS.get(word, 0.0)", f"{factor} * WEIGHTS.get(word, 0.0)")


def told(run: SuiteRun) -> str:
    """Say in one sentence what went wrong in a run."""
    if run.problem:
        return run.problem
    if run.failed:
        return f"Not so: {', '.join(run.failed)}."
    return f"Skipped: {', '.join(run.skipped)}." if run.skipped else "There was no test."

"""The judge as a whole: which checks run and in which order, what an app and a check are given, what is believed."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.content.catalog import Task
from grader.judge import Judge
from grader.report import Cause, Outcome, Report, Verdict
from grader.sandbox.limits import Limits
from grader.tests.corpus import JUDGED, lesson

THREE = (Task("1.1", "One", ()), Task("1.2", "Two", ("1.1",)), Task("1.3", "Three", ()))
LESSON = lesson("judged", tasks=THREE)
HONEST = (JUDGED / "honest.py").read_text(encoding="utf-8")
ROUTES = """
import asyncio
import os
from pathlib import Path
from fastapi import FastAPI
from fastapi.responses import Response

app = FastAPI()
count = 0
arrived = 0
everybody = asyncio.Event()


@app.post("/count")
def add() -> int:
    global count
    count += 1
    return count


@app.get("/variable/{name}")
def variable(name: str) -> str | None:
    return os.environ.get(name)


@app.get("/file/{name}")
def file(name: str) -> str | None:
    return Path(name).read_text() if Path(name).exists() else None


@app.get("/meet/{expected}")
async def meet(expected: int) -> int:
    global arrived
    arrived += 1
    if arrived == expected:
        everybody.set()
    await everybody.wait()
    return arrived


@app.get("/text")
def text() -> Response:
    return Response("no json")
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[Judge]:
    """A judge that the tests of this file share, as the checks of a course do."""
    with Judge() as judge:
        yield judge


def judged(bench: Judge, folder: Path, checks: str, app: str = ROUTES, **options: object) -> Report:
    """Judge an app given as text by checks given as text."""
    (folder / "app.py").write_text(app, encoding="utf-8")
    header = "from grader import AppDied, check, together\n\n"
    (folder / "checks.py").write_text(header + checks, encoding="utf-8")
    return bench.check(LESSON, folder / "app.py", folder / "checks.py", **options)  # type: ignore[arg-type]


def outcomes(report: Report) -> list[str]:
    """What became of the checks, in order: "passed", "failed", or what they wait for."""
    assert report.fault is None, report.fault
    return [verdict.waits_for or str(verdict.outcome) for verdict in report.verdicts]


def only(report: Report) -> Verdict:
    """The verdict on the only check."""
    assert report.fault is None, report.fault
    (verdict,) = report.verdicts
    return verdict


def check(task: str, name: str, body: str, *, options: str = "", arguments: str = "client, app, rng") -> str:
    """The text of a check."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f'@check("{task}"{options})\ndef test_{name}({arguments}):\n    """Why {name}."""\n{lines}\n\n\n'


FAILING = check("1.1", "a", 'assert False, "a is wrong"')
CHECKS = (
    check("1.3", "third", "pass")
    + FAILING
    + check("1.1", "b", "pass")
    + check("1.2", "c", "pass")
    + check("1.2", "d", 'assert False, "d is wrong"')
    + check("1.3", "e", "pass")
)


def test_checks_run_in_the_order_of_the_file_and_wait_for_what_they_need(bench: Judge, tmp_path: Path) -> None:
    heard: list[Verdict] = []
    report = judged(bench, tmp_path, CHECKS, on_verdict=heard.append)
    assert [verdict.name for verdict in report.verdicts] == [f"test_{name}" for name in ("third", *"abcde")]
    assert outcomes(report) == ["passed", "failed", "1.1", "1.1", "1.1", "passed"]
    assert list(report.verdicts) == heard
    assert report.first_failure is not None and report.first_failure.expected == "a is wrong"
    assert report.first_failure.why == "Why a."
    tasks = [report.task_outcome(number) for number in ("1.1", "1.2", "1.3")]
    assert tasks == [Outcome.FAILED, Outcome.WAITING, Outcome.PASSED]


def test_independent_checks_wait_for_nothing(bench: Judge, tmp_path: Path) -> None:
    report = judged(bench, tmp_path, CHECKS, independent=True)
    assert outcomes(report) == ["passed", "failed", "passed", "passed", "failed", "passed"]


def test_a_seed_draws_the_same_inputs_again(bench: Judge, tmp_path: Path) -> None:
    draw = 'assert False, f"drawn {rng.random()}"'
    checks = check("1.1", "x", draw) + check("1.3", "y", draw)
    first, again, other = (judged(bench, tmp_path, checks, seed=seed) for seed in (7, 7, 8))
    reordered = judged(bench, tmp_path, check("1.3", "y", draw) + check("1.1", "x", draw), seed=7)
    drawn = {verdict.name: verdict.expected for verdict in first.verdicts}
    assert first.seed == 7 and len(set(drawn.values())) == 2
    assert {verdict.name: verdict.expected for verdict in again.verdicts} == drawn
    assert {verdict.name: verdict.expected for verdict in reordered.verdicts} == drawn
    assert {verdict.expected for verdict in other.verdicts}.isdisjoint(drawn.values())
    assert judged(bench, tmp_path, checks).seed != judged(bench, tmp_path, checks).seed


def test_checks_share_an_app_unless_they_want_a_fresh_one(bench: Judge, tmp_path: Path) -> None:
    body = 'assert client.post("/count").json() == {}, "counted differently"'
    report = judged(
        bench,
        tmp_path,
        check("1.1", "first", body.replace("{}", "1"))
        + check("1.1", "fresh", body.replace("{}", "1"), options=", fresh=True")
        + check("1.1", "second", body.replace("{}", "2")),
    )
    assert outcomes(report) == ["passed"] * 3


def test_an_app_that_a_check_left_dead_is_started_again(bench: Judge, tmp_path: Path) -> None:
    report = judged(
        bench,
        tmp_path,
        check("1.1", "stops", "client.post('/count')\nassert app.stop().is_clean, 'not clean'")
        + check("1.1", "next", 'assert client.post("/count").json() == 1, "not a new app"'),
    )
    assert outcomes(report) == ["passed"] * 2


def test_a_restart_adds_variables_and_files_for_one_check_only(bench: Judge, tmp_path: Path) -> None:
    environment = 'def environment(rng):\n    return {"GIVEN": "always"}\n\n\n'
    look = (
        "client = app.new_client()\n"
        'seen = [client.get(f"/variable/{name}").json() for name in ("GIVEN", "ADDED")]\n'
        'seen.append(client.get("/file/added.txt").json())\n'
        "assert seen == {}, str(seen)"
    )
    given = '["always", None, None]'
    added = '["always", "now", "text"]'
    report = judged(
        bench,
        tmp_path,
        environment
        + check("1.1", "before", look.replace("{}", given))
        + check("1.1", "added", 'app.restart({"ADDED": "now"}, {"added.txt": b"text"})\n' + look.replace("{}", added))
        + check("1.1", "after", look.replace("{}", given))
        + check("1.1", "option", look.replace("{}", '["always", "now", None]'), options=', env={"ADDED": "now"}'),
    )
    assert outcomes(report) == ["passed"] * 4, [verdict.expected for verdict in report.verdicts]


def test_an_app_that_does_not_start_again_fails_the_check(bench: Judge, tmp_path: Path) -> None:
    app = ROUTES + '\nif os.environ.get("BROKEN"):\n    raise RuntimeError("broken on purpose")\n'
    checks = (
        check("1.1", "restarts", 'app.restart({"BROKEN": "1"})')
        + check("1.3", "survives", 'try:\n    app.restart({"BROKEN": "1"})\nexcept AppDied as died:\n    print(died)')
        + check("1.3", "starts", 'assert client.post("/count").json() == 1, "not a new app"')
    )
    report = judged(bench, tmp_path, checks, app)
    assert outcomes(report) == ["failed", "passed", "passed"]
    failed = report.verdicts[0]
    assert failed.cause is Cause.IMPORT and "RuntimeError: broken on purpose" in failed.expected
    assert 'raise RuntimeError("broken on purpose")' in failed.traceback


def test_together_lets_all_requests_meet(bench: Judge, tmp_path: Path) -> None:
    body = (
        'answers = together(*[lambda: client.get("/meet/8").json()] * 8)\n'
        'assert answers == [8] * 8, f"they did not meet: {answers}"'
    )
    assert outcomes(judged(bench, tmp_path, check("1.1", "meets", body))) == ["passed"]
    one_less = check("1.1", "waits", body.replace("* 8)", "* 7)"), options=", seconds=1")
    verdict = only(judged(bench, tmp_path, one_less))
    assert verdict.cause is Cause.HUNG


def test_together_raises_what_one_of_them_raised(bench: Judge, tmp_path: Path) -> None:
    body = 'def fail():\n    assert False, "one of them"\ntogether(lambda: 1, fail)'
    assert only(judged(bench, tmp_path, check("1.1", "raises", body))).expected == "one of them"


SHAPES = {
    "no json": ('client.get("/text").json()["x"]', Cause.SHAPE, "JSONDecodeError"),
    "a missing key": ('client.get("/file/x").json()["detail"]', Cause.SHAPE, "TypeError"),
    "a broken check": ("import nothing_like_it", Cause.JUDGE, "our fault: `import nothing_like_it` met ModuleNotFound"),
    "a bare assertion": ("assert 1 == 2", Cause.ASSERTION, ""),
}


@pytest.mark.parametrize("what", SHAPES)
def test_an_error_in_a_check_is_no_crash_of_the_judge(bench: Judge, tmp_path: Path, what: str) -> None:
    body, cause, fragment = SHAPES[what]
    report = judged(bench, tmp_path, check("1.1", "reads", body) + check("1.3", "next", "pass"))
    assert outcomes(report) == ["failed", "passed"]
    assert report.verdicts[0].cause is cause and fragment in report.verdicts[0].expected


def test_a_verdict_shows_what_was_sent_and_the_apps_own_traceback(bench: Judge, tmp_path: Path) -> None:
    app = (
        ROUTES
        + '\n@app.post("/broken")\ndef broken(value: int) -> int:\n    print("broken soon")\n    return 1 // value\n'
    )
    body = 'response = client.post("/broken?value=0", json=[1])\nassert response.status_code == 200, "should work"'
    verdict = only(judged(bench, tmp_path, check("1.1", "works", body), app))
    assert verdict.exchange is not None
    assert verdict.exchange.sent == "POST /broken?value=0\n[1]"
    assert verdict.exchange.received.startswith("500 Internal Server Error")
    assert verdict.traceback.splitlines()[-1] == "ZeroDivisionError: integer division or modulo by zero"
    assert "    return 1 // value" in verdict.traceback and "site-packages" not in verdict.traceback
    assert verdict.output.startswith("broken soon")


def test_after_three_hangs_the_rest_is_not_tried(bench: Judge, tmp_path: Path) -> None:
    hang = 'client.get("/meet/2")'
    checks = "".join(check(f"1.{n % 2 + 1}", f"hangs_{n}", hang, options=", seconds=0.2") for n in range(5))
    report = judged(bench, tmp_path, checks, independent=True)
    assert outcomes(report) == ["failed"] * 3 + ["1.1"] * 2


def test_everyday_introspection_is_no_tampering(bench: Judge) -> None:
    report = bench.check(LESSON, JUDGED / "everyday.py", JUDGED / "checks.py", independent=True)
    assert report.is_passed, [verdict for verdict in report.verdicts if verdict.outcome is not Outcome.PASSED]


WRONG = HONEST.replace("median(body.numbers)", "sum(body.numbers)")
CRASHING = "import os\nos._exit(0)\n"


@pytest.mark.parametrize("app", [HONEST, WRONG, CRASHING], ids=["honest", "wrong", "crashing"])
def test_a_fresh_python_gives_the_verdicts_of_a_fork(bench: Judge, tmp_path: Path, app: str) -> None:
    (tmp_path / "app.py").write_text(app, encoding="utf-8")
    with Judge(is_forking=False) as spawning:
        reports = [
            judge.check(LESSON, tmp_path / "app.py", JUDGED / "checks.py", seed=1, independent=True)
            for judge in (bench, spawning)
        ]
    forked, spawned = ([(each.name, each.outcome, each.cause, each.expected) for each in r.verdicts] for r in reports)
    assert forked == spawned
    assert reports[0].fault == reports[1].fault


@pytest.mark.parametrize("is_forking", [True, False], ids=["forked", "spawned"])
def test_a_redirect_leads_nowhere_else(bench: Judge, tmp_path: Path, is_forking: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        target = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/text"
        app = ROUTES + '\n\n@app.get("/moved")\ndef moved() -> Response:\n'
        app += f'    return Response("", 307, {{"location": "{target}"}})\n'
        body = 'assert client.get("/moved", follow_redirects=True).text == "no json", "should come back to the app"'
        with Judge(is_forking=is_forking) as judge:
            assert outcomes(judged(judge, tmp_path, check("1.1", "moved", body), app)) == ["passed"]
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_what_an_app_leaves_running_does_not_keep_it_from_stopping(bench: Judge, tmp_path: Path) -> None:
    app = ROUTES + "\nimport atexit, threading, time\natexit.register(time.sleep, 60)\n"
    app += "threading.Thread(target=time.sleep, args=(60,)).start()\n"
    body = "began = __import__('time').monotonic()\nassert app.stop().is_clean, 'not clean'\n"
    body += "assert __import__('time').monotonic() - began < 4, 'too slow'"
    assert outcomes(judged(bench, tmp_path, check("1.1", "stops", body), app)) == ["passed"]


def test_without_confinement_the_report_says_so(tmp_path: Path) -> None:
    with Judge(is_confined=False, limits=Limits(startup_seconds=5)) as judge:
        report = judge.check(LESSON, JUDGED / "honest.py", JUDGED / "checks.py", independent=True)
    assert report.is_passed
    assert report.notes == ("apps run without confinement",)

"""No attack scores, each ends in time with a sentence that says what happened, and nothing of it is left behind."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader import reference
from grader.judge import Judge
from grader.report import Outcome, Report
from grader.sandbox.app import App
from grader.sandbox.confine import missing_protections
from grader.sandbox.limits import MIB, Limits
from grader.tests.corpus import JUDGED, Attack, attacks, lesson
from grader.tests.scene import Beacon, Scene

ROOMY = Limits(shutdown_seconds=0.7, memory=400 * MIB, output=MIB, response=MIB, threads=200, scratch=64 * MIB)
ROOMY = replace(ROOMY, startup_seconds=5, request_seconds=3, check_seconds=5, scratch_files=500, reports=3000)
SHORT = replace(ROOMY, startup_seconds=1, request_seconds=0.5, check_seconds=0.8)  # for what never comes to an end
LONG = replace(ROOMY, startup_seconds=20, request_seconds=10, check_seconds=20, memory=2048 * MIB)  # for a model
LONGEST = 9.0
CORPUS = [attack for attack in attacks() if not (attack.needs_kernel and missing_protections())]


PLAIN, MODEL = lesson("plain"), lesson("embeddings", "sentence_transformers")


@pytest.fixture(scope="module")
def bench() -> Iterator[Judge]:
    """One judge for the whole corpus: no attack may spoil it for the next."""
    with Judge() as judge:
        reference.use(judge)
        reference.embed(["The reference model runs before the first attack."])
        yield judge


@pytest.fixture(scope="module")
def neighbour(bench: Judge) -> Iterator[App]:
    """Another submission that is being judged at the same time."""
    with bench.start(JUDGED / "honest.py") as app:
        yield app


@pytest.fixture
def scene(
    request: pytest.FixtureRequest, tmp_path: Path, neighbour: App, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """The attack of this test, laid out as a submission."""
    attack: Attack = request.param
    beacon = Beacon()
    scene = Scene(tmp_path, attack, beacon, neighbour.socket_path)
    monkeypatch.setattr(tempfile, "tempdir", str(scene.temporary))
    yield scene
    beacon.close()
    shutil.rmtree(scene.temporary)


@pytest.mark.parametrize("scene", CORPUS, ids=[each.file.stem for each in CORPUS], indirect=True)
def test_attack_fails_and_leaves_nothing(scene: Scene, bench: Judge, neighbour: App) -> None:
    attack = scene.attack
    began = time.monotonic()
    report = judged(bench, scene, attack.needs_model, limits_for(attack))
    assert time.monotonic() - began < LONGEST
    assert_stopped(attack, report)
    assert scene.traces(bench.pids, {neighbour.process.handle.pid, *reference.pids()}) == []
    assert neighbour.is_alive
    shutil.copy(JUDGED / ("model_honest.py" if attack.needs_model else "honest.py"), scene.app_file)
    assert judged(bench, scene, attack.needs_model, Limits()).is_passed


def limits_for(attack: Attack) -> Limits:
    """Little patience with what hangs, and enough with what has to come to its own end on a busy machine."""
    return LONG if attack.needs_model else SHORT if attack.cause == "hung" else ROOMY


def judged(judge: Judge, scene: Scene, needs_model: bool, limits: Limits) -> Report:
    """Judge the submission as it lies there."""
    judge.limits = limits
    return judge.check(MODEL if needs_model else PLAIN, scene.app_file, scene.checks_file, independent=True)


def assert_stopped(attack: Attack, report: Report) -> None:
    """Assert that no targeted check passed, and that the right words are found for it."""
    if attack.is_fault:
        assert report.fault is not None, report
        assert report.fault.cause == attack.cause, report.fault
        assert attack.fragment in report.fault.sentence, report.fault
        assert_plain(report.fault.sentence)
        return
    assert report.fault is None, report.fault
    for verdict in report.verdicts:
        if attack.hits(verdict.name):
            assert verdict.outcome is not Outcome.PASSED, verdict.name
        assert_plain(verdict.expected)
    said = [verdict for verdict in report.verdicts if attack.hits(verdict.name) and verdict.outcome is Outcome.FAILED]
    assert any(attack.cause == verdict.cause and attack.fragment in verdict.expected for verdict in said), said


def assert_plain(sentence: str) -> None:
    """Assert that a sentence is one line of readable length without control characters."""
    assert sentence.isprintable() and len(sentence) < 700, sentence


def test_corpus_is_large_and_all_of_it_was_tried() -> None:
    assert len(attacks()) >= 80
    assert attacks() == CORPUS or sys.platform != "linux", missing_protections()

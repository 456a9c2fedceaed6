"""The channel on which a child reports: what is authentic is believed, and anything else is noticed."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.judge import Judge
from grader.report import Cause
from grader.sandbox.app import App
from grader.sandbox.events import FOREIGN, LONGEST_LINE, Event, EventReader, make_recorder
from grader.tests.corpus import JUDGED, lesson

KEY = bytes(range(32))


@pytest.fixture
def lines() -> Iterator[list[bytes]]:
    """Three authentic lines."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        record = make_recorder(theirs, KEY)
        record("first", "text", 7, True)
        record("second", "tab\tand\nline", "back\\slash \\t", "ünïcode \udc80")
        record("third")
        yield ours.recv(4096).splitlines(keepends=True)


def test_what_is_recorded_is_read(lines: list[bytes]) -> None:
    reader = EventReader(KEY)
    first, second, third = reader.feed(b"".join(lines))
    assert first == Event("first", ("text", "7", "1"))
    assert second == Event("second", ("tab\tand\nline", "back\\slash \\t", "ünïcode \\udc80"))
    assert third == Event("third", ())
    assert not reader.has_gap


def test_lines_may_arrive_in_pieces(lines: list[bytes]) -> None:
    reader, whole = EventReader(KEY), b"".join(lines)
    events = [event for number in range(len(whole)) for event in reader.feed(whole[number : number + 1])]
    assert [event.kind for event in events] == ["first", "second", "third"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda line: line,  # once more
        lambda line: line.replace(b"text", b"twxt"),
        lambda line: line.replace(b"0\t", b"9\t", 1),
        lambda line: b"\n",
        lambda line: b"garbage\n",
        lambda line: b"\xff\xfe\t\t\n",
        lambda line: b"x" * (LONGEST_LINE + 1),
    ],
    ids=["replayed", "altered", "renumbered", "empty", "garbage", "binary", "endless"],
)
def test_what_nobody_of_ours_wrote_is_tampering(lines: list[bytes], forge: object) -> None:
    assert callable(forge)
    reader = EventReader(KEY)
    reader.feed(lines[0])
    assert reader.feed(forge(lines[0])) == [FOREIGN]
    assert reader.feed(lines[1]) == [], "after that nothing is believed"


def test_another_key_is_tampering(lines: list[bytes]) -> None:
    assert EventReader(bytes(32)).feed(lines[0]) == [FOREIGN]


def test_a_missing_line_is_a_gap_until_it_comes(lines: list[bytes]) -> None:
    reader = EventReader(KEY)
    reader.feed(lines[0] + lines[2])
    assert reader.has_gap
    reader.feed(lines[1])
    assert not reader.has_gap


def test_a_missing_first_line_is_a_gap(lines: list[bytes]) -> None:
    reader = EventReader(KEY)
    reader.feed(lines[1])
    assert reader.has_gap


UNCONFINED = """
import os, socket, stat
from fastapi import FastAPI
app = FastAPI()


@app.post("/median")
def answer() -> dict[str, int]:
    for file in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(file).st_mode):
                with socket.socket(fileno=os.dup(file)) as probe:
                    if not probe.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and file > 100:
                        {deed}
        except OSError:
            continue
    {then}
    return {{"median": 1}}
"""
CHECKS = '''
from grader import check


@check("1.1")
def test_it_answers(client):
    """Why."""
    assert client.post("/median").json() == {"median": 1}, "should answer"
'''


@pytest.mark.parametrize(
    ("deed", "then"),
    [("os.dup2(0, file)", "open('secret.txt', 'w').close()"), ("probe.shutdown(socket.SHUT_WR)", "pass")],
    ids=["replaced", "shut"],
)
def test_a_channel_that_is_replaced_or_ends_is_tampering(tmp_path: Path, deed: str, then: str) -> None:
    (tmp_path / "app.py").write_text(UNCONFINED.format(deed=deed, then=then), encoding="utf-8")
    (tmp_path / "checks.py").write_text(CHECKS, encoding="utf-8")
    with Judge(is_confined=False) as judge:
        (verdict,) = judge.check(lesson("deaf"), tmp_path / "app.py", tmp_path / "checks.py").verdicts
    assert verdict.cause is Cause.TAMPERED
    assert "judge's channel" in verdict.expected


def test_a_line_that_never_came_is_tampering() -> None:
    with Judge() as judge, judge.start(JUDGED / "honest.py") as app:
        assert app.process.has_all_reports()
        lose_a_line(app)
        assert not app.process.has_all_reports()
        assert app.process.ended_for is Cause.TAMPERED


def lose_a_line(app: App) -> None:
    """Let the judge's side of the channel believe that the child has reported once more than it has."""
    seen = app.process._reader._seen
    seen.add(max(seen) + 2)
    assert os.path.exists(app.process.scratch)

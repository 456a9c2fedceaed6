"""What an app is given when a learner plays with it."""

from pathlib import Path

import pytest

from grader.learner.playing import variables


def test_demo_variables_are_given_and_the_learners_own_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLE", "mine")
    text = '# COMMENT=no\n\nUSERS={"ada": "a=b"}\nROLE=theirs\n'
    (tmp_path / "demo.env").write_text(text, encoding="utf-8")
    found = variables(tmp_path)
    assert {name: found.get(name) for name in ("USERS", "ROLE", "COMMENT", "# COMMENT")} == {
        "USERS": '{"ada": "a=b"}',
        "ROLE": "mine",
        "COMMENT": None,
        "# COMMENT": None,
    }


def test_most_apps_need_no_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("OTHER", "kept")
    found = variables(tmp_path)
    assert (found["OTHER"], found["HF_HUB_OFFLINE"]) == ("kept", "1")

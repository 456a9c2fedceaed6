"""Reference answers from the real models, computed in a child of the judge's own and never in the judge itself."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import httpx2

from grader.sandbox.app import App, AppDied
from grader.sandbox.client import Client
from grader.sandbox.limits import Limits

APP_FILE = Path(__file__).parent / "reference_app.py"
MODELS = ("sentence_transformers",)


class Starter(Protocol):
    """What can start an app: the judge."""

    def start(self, app_file: Path, models: Sequence[str] = (), **options: object) -> App: ...


class _Reference:
    def __init__(self) -> None:
        self.starters: list[Starter] = []
        self.owner: Starter | None = None
        self.app: App | None = None
        self.client: Client | None = None
        self.lock = threading.Lock()
        self.vectors: dict[str, list[float]] = {}

    def end(self) -> None:
        if self.app is not None:
            self.app.close()
        self.owner = self.app = self.client = None


_reference = _Reference()


def use(starter: Starter) -> None:
    """Let `starter` (a judge) start the reference app when it is first needed; the one that came last is asked."""
    with _reference.lock:
        if not any(each is starter for each in _reference.starters):
            _reference.starters.append(starter)


def forget(starter: Starter) -> None:
    """Do without `starter` from now on; end the reference app if it started it."""
    with _reference.lock:
        _reference.starters = [each for each in _reference.starters if each is not starter]
        if _reference.owner is starter:
            _reference.end()


def pids() -> set[int]:
    """The process of the reference app, if it runs."""
    return {_reference.app.process.handle.pid} if _reference.app is not None else set()


def embed(texts: list[str]) -> list[list[float]]:
    """Return MiniLM's unit-length vectors of `texts`: one list of 384 floats each, computed text by text."""
    with _reference.lock:
        missing = [text for text in dict.fromkeys(texts) if text not in _reference.vectors]
        if missing:
            _reference.vectors.update(zip(missing, _ask(missing), strict=True))
        return [_reference.vectors[text] for text in texts]


def _ask(texts: list[str]) -> list[list[float]]:
    try:
        return cast(list[list[float]], _client().post("/embed", json=texts).raise_for_status().json())
    except httpx2.HTTPError:  # somebody has tidied up its temporary folder
        _reference.end()
    try:
        return cast(list[list[float]], _client().post("/embed", json=texts).raise_for_status().json())
    except (httpx2.HTTPError, AppDied) as error:
        raise RuntimeError(f"the reference model does not answer: {error}") from error


def _client() -> Client:
    if not _reference.starters:
        raise RuntimeError("no judge is at work: reference answers exist only while checks run")
    if _reference.app is None or not _reference.app.is_alive or _reference.client is None:
        _reference.end()
        _reference.owner = _reference.starters[-1]
        _reference.app = _reference.owner.start(APP_FILE, MODELS, limits=Limits())
        _reference.app.start()
        _reference.client = _reference.app.new_client()
    _reference.app.journal.entries.clear()
    return _reference.client

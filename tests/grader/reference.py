"""Reference answers from the real models, computed in a child of the judge's own and never in the judge itself."""

import threading
from pathlib import Path
from typing import Any, Protocol

from grader.sandbox.app import App
from grader.sandbox.client import Client

APP_FILE = Path(__file__).parent / "reference_app.py"
MODELS = ("sentence_transformers",)


class Starter(Protocol):
    """What can start an app: the judge."""

    def start(self, app_file: Path, models: tuple[str, ...] = ()) -> App: ...


class _Reference:
    def __init__(self) -> None:
        self.starter: Starter | None = None
        self.app: App | None = None
        self.client: Client | None = None
        self.lock = threading.Lock()
        self.vectors: dict[str, list[float]] = {}


_reference = _Reference()


def use(starter: Any) -> None:
    """Let `starter` (a judge) start the reference app when it is first needed."""
    if _reference.starter is not starter:
        forget(_reference.starter)
        _reference.starter = starter


def forget(starter: Any) -> None:
    """End the reference app if `starter` started it."""
    with _reference.lock:
        if _reference.starter is starter:
            if _reference.app is not None:
                _reference.app.close()
            _reference.app = _reference.client = _reference.starter = None


def embed(texts: list[str]) -> list[list[float]]:
    """Return MiniLM's unit-length vectors of `texts`: one list of 384 floats each, computed text by text."""
    with _reference.lock:
        missing = [text for text in dict.fromkeys(texts) if text not in _reference.vectors]
        if missing:
            answer = _client().post("/embed", json=missing)
            answer.raise_for_status()
            _reference.vectors.update(zip(missing, answer.json(), strict=True))
        return [_reference.vectors[text] for text in texts]


def _client() -> Client:
    if _reference.starter is None:
        raise RuntimeError("no judge is at work: reference answers exist only while checks run")
    if _reference.app is None or not _reference.app.is_alive or _reference.client is None:
        _reference.app = _reference.starter.start(APP_FILE, MODELS)
        _reference.app.start()
        _reference.client = _reference.app.new_client()
    return _reference.client

"""An honest app that looks into itself as honest apps do: logging, traceback, inspect, dataclasses, functools, gc."""

import contextlib
import contextvars
import copy
import dataclasses
import enum
import functools
import gc
import inspect
import json
import logging
import mimetypes
import os
import pickle
import platform
import shutil
import sqlite3
import sys
import tempfile
import threading
import traceback
import typing
import uuid
import warnings
import weakref
from collections import Counter, namedtuple
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, create_model, field_validator

logging.basicConfig(level=logging.DEBUG, format="%(funcName)s %(lineno)d %(threadName)s %(message)s")
log = logging.getLogger(__name__)
Pair = namedtuple("Pair", "left right")
requests_seen: contextvars.ContextVar[int] = contextvars.ContextVar("requests_seen", default=0)


class Kind(enum.StrEnum):
    """An enumeration."""

    PLAIN = "plain"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Point:
    """A dataclass with all its machinery."""

    x: int
    y: int = dataclasses.field(default=0)


class Numbers(BaseModel):
    """A model with a validator."""

    numbers: list[float] = Field(min_length=1)

    @field_validator("numbers")
    @classmethod
    def are_finite(cls, numbers: list[float]) -> list[float]:
        """Numbers are sorted here for no reason."""
        return sorted(numbers)


Text: type[Any] = create_model("Text", text=(str, ...))


def logged(function: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    """Log calls, with the caller's name and the arguments' names."""

    @functools.wraps(function)
    def wrapper(*args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        frame = inspect.currentframe()
        caller = frame.f_back.f_code.co_name if frame and frame.f_back else "nobody"
        bound = inspect.signature(function).bind(*args, **kwargs)
        log.info("%s calls %s with %s", caller, function.__name__, list(bound.arguments))
        return function(*args, **kwargs)

    return wrapper


@functools.lru_cache(maxsize=8)
@logged
def middle(*numbers: float) -> float:
    """Return the median."""
    return median(numbers)


def look_around() -> None:
    """Use what debugging code uses."""
    with contextlib.suppress(ZeroDivisionError):
        try:
            _ = 1 / 0
        except ZeroDivisionError as error:
            log.exception("as expected")
            trace = error.__traceback__
            assert trace is not None and trace.tb_frame.f_code.co_name == "look_around"
            traceback.format_exception(error)
            raise
    names = [sys._getframe().f_code.co_name, inspect.stack()[0].function, middle.__wrapped__.__code__.co_name]
    log.debug("%s %s %s", names, typing.get_type_hints(Point), dataclasses.asdict(Point(1)))
    log.debug("%s %s", gc.collect(), [len(traceback.extract_stack()), threading.enumerate()])
    breakpoint()
    copied = copy.deepcopy(pickle.loads(pickle.dumps(Point(1, 2))))
    weakref.finalize(Text, log.debug, "gone")
    warnings.warn("harmless", stacklevel=2)
    log.debug("%s %s %s %s %s", copied, uuid.uuid4(), platform.platform(), os.cpu_count(), os.getloadavg())


def use_files() -> None:
    """Make and remove files where an app may."""
    with tempfile.TemporaryDirectory() as folder:
        assert mimetypes.guess_type("first.txt") == ("text/plain", None)
        first = Path(folder, "first.txt")
        first.write_text("one")
        first.chmod(0o600)
        shutil.copy2(first, Path(folder, "second.txt"))
        first.rename(Path(folder, "third.txt"))
        first.touch()
        os.utime(first)
        assert first.is_file() and first.read_text() == ""
        Path(folder, "sub").mkdir()
        first.replace(Path(folder, "sub", "fourth.txt"))
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute("create table notes (text)")


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
    """Hold a pool."""
    look_around()
    with ThreadPoolExecutor(2) as pool:
        yield {"pool": pool}


app = FastAPI(lifespan=lifespan)


def number_of_requests() -> int:
    """Count."""
    requests_seen.set(requests_seen.get() + 1)
    return requests_seen.get()


@app.post("/median")
async def find_median(request: Request, body: Numbers, seen: int = Depends(number_of_requests)) -> dict[str, float]:  # noqa: FAST002
    """Return the median."""
    log.info("request %d from %s", seen, request.client)
    await run_in_threadpool(use_files)
    return {"median": await run_in_threadpool(request.state.pool.submit(middle, *body.numbers).result)}


@app.post("/count")
def count_words(body: Text) -> dict[str, int]:
    """Return how often each word occurs."""
    look_around()
    return Counter(json.loads(body.model_dump_json())["text"].split())


@app.put("/notes/{name}", status_code=201)
def keep_note(name: str, body: Text) -> None:
    """Keep a note in a file."""
    with open(f"{name}.txt", "w") as file:
        file.write(body.model_dump()["text"])


@app.get("/notes/{name}")
def read_note(name: str) -> dict[str, str]:
    """Return a note."""
    return {"text": Path(f"{name}.txt").read_text()}

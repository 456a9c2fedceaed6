"""No queue and no worker: a task for each job, a lock by which they wait their turn, and a count against the bound."""

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Any

import httpx2
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, PrivateAttr
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

log = logging.getLogger("uvicorn.error")


class State(StrEnum):
    """Where a job is."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"


class Order(BaseModel):
    """What is wanted."""

    examples: dict[str, str]
    texts: list[str]


class Job(BaseModel):
    """What has become of it."""

    id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    state: State = State.queued
    error: str | None = None
    _labels: list[str] = PrivateAttr(default_factory=list)
    _task: asyncio.Task[None] | None = PrivateAttr(default=None)

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do."""
        return self.state in (State.queued, State.running)


class Shop:
    """All jobs, and the tasks that are under way."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http, self.turn = http, asyncio.Lock()
        self.jobs: list[Job] = []
        self.errands: set[asyncio.Task[None]] = set()

    async def ask(self, path: str, content: Any) -> Any:
        """Ask the other team."""
        answer = await self.http.request("POST", path, json=content)
        if answer.is_error:
            raise RuntimeError(f"{answer.url} said {answer.status_code}")
        return answer.json()["echo"]

    async def run(self, job: Job, order: Order) -> None:
        """Wait for the turn of a job, and do it."""
        async with self.turn:
            job.state = State.running
            try:
                job._labels = await run_in_threadpool(classify, order, await self.ask("/anonymise", order.texts))
                job.state = State.done
            except Exception as error:
                job.state, job.error = State.failed, f"A {type(error).__name__} got in the way."
                log.exception("job %s", job.id)

    async def errand(self, id: str, examples: dict[str, str]) -> None:
        """Bring feedback to the archive."""
        try:
            await self.ask("/archive", {"examples": examples, "id": id})
        except Exception:
            log.exception("feedback %s", id)


def classify(order: Order, texts: list[str]) -> list[str]:
    """Label texts as in the examples."""
    words = CountVectorizer()
    known = words.fit_transform(order.examples.keys())
    return [
        str(label)
        for label in LogisticRegression().fit(known, [*order.examples.values()]).predict(words.transform(texts))
    ]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open and close the shop."""
    async with httpx2.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=httpx2.Timeout(60)) as http:
        app.state.shop = shop = Shop(http)
        yield
        lost = [job for job in shop.jobs if job.is_open]
        for job in lost:
            if job._task is not None and job._task.cancel():
                with suppress(asyncio.CancelledError):
                    await job._task
        if lost:
            log.critical("Not done, and nobody will do it: %s", ", ".join(job.id for job in lost))


app = FastAPI(lifespan=lifespan)


@app.post("/feedback", status_code=202)
async def feedback(request: Request) -> dict[str, str]:
    """Give feedback."""
    shop: Shop = request.app.state.shop
    id = uuid.uuid4().hex
    errand = asyncio.create_task(shop.errand(id, await request.json()))
    shop.errands.add(errand)
    errand.add_done_callback(shop.errands.discard)
    return {"id": id}


@app.post("/jobs")
async def order(order: Order, request: Request, response: Response) -> Job:
    """Order labels."""
    shop: Shop = request.app.state.shop
    if sum(job.is_open for job in shop.jobs) >= 4:
        raise HTTPException(503, headers={"retry-after": "5"})
    job = Job()
    shop.jobs.append(job)
    job._task = asyncio.create_task(shop.run(job, order))
    response.status_code = 202
    response.headers["location"] = app.url_path_for("status", id=job.id)
    return job


def find(request: Request, id: str) -> Job:
    """Find a job."""
    for job in request.app.state.shop.jobs:
        if job.id == id:
            found: Job = job
            return found
    raise HTTPException(404)


@app.get("/jobs/{id}", name="status")
def show(request: Request, id: str) -> Job:
    """Show a job."""
    return find(request, id)


@app.get("/jobs/{id}/result")
def result(request: Request, id: str) -> dict[str, list[str]]:
    """Show its labels."""
    job = find(request, id)
    if job.state is not State.done:
        raise HTTPException(409)
    return {"labels": job._labels}

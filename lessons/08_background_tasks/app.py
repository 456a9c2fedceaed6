"""Lesson 08: work after the answer, and jobs that a client submits, follows and collects."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal
from uuid import uuid4

import httpx2
from fastapi import BackgroundTasks, FastAPI, HTTPException, Response
from pydantic import BaseModel
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

# Given, down to `label`: what goes in and out, and the work itself. At UPSTREAM_URL are the services of other teams.
UPSTREAM_URL = os.getenv("UPSTREAM_URL", "")
logger = logging.getLogger(__name__)
Labelled = dict[str, str]  # texts, each with the label that somebody gave it


class NewJob(BaseModel):
    examples: Labelled
    texts: list[str]


class Job(BaseModel):  # little, for a client that waits asks for it again and again
    id: str
    state: Literal["queued", "running", "done", "failed"] = "queued"
    error: str | None = None


class Result(BaseModel):
    labels: list[str]


async def ask(service: str, body: Any) -> Any:
    """Send JSON to a service of another team and return its answer, however late it comes; raise if it fails."""
    response = await app.state.client.post(service, json=body)
    return response.raise_for_status().json()["echo"]


async def label(new: NewJob) -> Result:
    """Learn from the examples, label the texts; raise if the other team fails, or if all examples have one label."""
    texts = await (ask("/anonymise", new.texts) if UPSTREAM_URL else asyncio.sleep(10, new.texts))  # a stand-in
    words, model = CountVectorizer(), LogisticRegression()
    await asyncio.to_thread(model.fit, words.fit_transform(new.examples), list(new.examples.values()))
    return Result(labels=model.predict(words.transform(texts)).tolist())


jobs: dict[str, Job] = {}
results: dict[str, Result] = {}
# TODO 8.5: let no more than three jobs wait
line: asyncio.Queue[tuple[Job, NewJob]] = asyncio.Queue()


async def work() -> None:
    # TODO 8.3: for ever: take a job out of the line, do it, keep its result; its state says how it stands
    # TODO 8.4: come back, and let the state be "failed" when something is raised
    raise NotImplementedError("Task 8.3")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx2.AsyncClient(base_url=UPSTREAM_URL, timeout=None) as app.state.client:
        # TODO 8.3: start the worker
        yield
        # TODO 8.6: stop the worker, and name the jobs that are lost


app = FastAPI(title="Labels", lifespan=lifespan)


async def archive(id: str, feedback: Labelled) -> None:
    # TODO 8.1: hand the feedback to "/archive"; when that fails, the log says which one is missing there
    raise NotImplementedError("Task 8.1")


@app.post("/feedback", status_code=202)
async def give_feedback(feedback: Labelled, tasks: BackgroundTasks) -> dict[str, str]:
    # TODO 8.1: answer with a new id, and archive the feedback after that
    raise NotImplementedError("Task 8.1")


@app.post("/jobs", status_code=202)
async def submit_job(new: NewJob, response: Response) -> Job:
    # TODO 8.2: keep a job with a new id, and answer it together with its address
    # TODO 8.3: come back, and put it in line
    # TODO 8.5: come back, and answer 503 when the line is full
    raise NotImplementedError("Task 8.2")


@app.get("/jobs/{id}")
async def get_job(id: str) -> Job:
    # TODO 8.2: answer the job, or 404
    raise NotImplementedError("Task 8.2")


@app.get("/jobs/{id}/result")
async def get_result(id: str) -> Result:
    # TODO 8.3: answer the result; 409 as long as there is none; 404 if there is no such job
    raise NotImplementedError("Task 8.3")

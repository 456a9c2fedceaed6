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
# BEGIN SOLUTION 8.5: let no more than three jobs wait
# STUB: line: asyncio.Queue[tuple[Job, NewJob]] = asyncio.Queue()
line: asyncio.Queue[tuple[Job, NewJob]] = asyncio.Queue(maxsize=3)
# END SOLUTION


async def work() -> None:
    # BEGIN SOLUTION 8.3: for ever: take a job out of the line, do it, keep its result; its state says how it stands
    # STUB: # TODO 8.4: come back, and let the state be "failed" when something is raised
    # STUB: raise NotImplementedError("Task 8.3")
    while True:
        job, new = await line.get()
        job.state = "running"
        try:
            results[job.id] = await label(new)
            job.state = "done"
        except Exception:  # without this, the first failure would end the worker, and nobody would hear of it
            logger.exception("Job %s has failed", job.id)
            job.state, job.error = "failed", f"Something went wrong. Ask us about job {job.id}."  # not `str(error)`
    # END SOLUTION


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx2.AsyncClient(base_url=UPSTREAM_URL, timeout=None) as app.state.client:
        # BEGIN SOLUTION 8.3: start the worker
        # STUB:
        worker = asyncio.create_task(work())  # into a variable: a task that nobody holds may be garbage-collected
        # END SOLUTION
        yield
        # BEGIN SOLUTION 8.6: stop the worker, and name the jobs that are lost
        # STUB:
        worker.cancel()
        for job in jobs.values():
            if job.state in ("queued", "running"):
                logger.warning("Job %s is lost: it was %s when we had to stop", job.id, job.state)
        # END SOLUTION


app = FastAPI(title="Labels", lifespan=lifespan)


async def archive(id: str, feedback: Labelled) -> None:
    # BEGIN SOLUTION 8.1: hand the feedback to "/archive"; when that fails, the log says which one is missing there
    try:
        await ask("/archive", {"id": id, "examples": feedback})
    except Exception:  # nobody is left who could be told
        logger.exception("Feedback %s is not in the archive", id)
    # END SOLUTION


@app.post("/feedback", status_code=202)
async def give_feedback(feedback: Labelled, tasks: BackgroundTasks) -> dict[str, str]:
    # BEGIN SOLUTION 8.1: answer with a new id, and archive the feedback after that
    id = uuid4().hex
    tasks.add_task(archive, id, feedback)  # `await archive(id, feedback)` would let the client wait for the archive
    return {"id": id}
    # END SOLUTION


@app.post("/jobs", status_code=202)
async def submit_job(new: NewJob, response: Response) -> Job:
    # BEGIN SOLUTION 8.2: keep a job with a new id, and answer it together with its address
    # STUB: # TODO 8.3: come back, and put it in line
    # STUB: # TODO 8.5: come back, and answer 503 when the line is full
    # STUB: raise NotImplementedError("Task 8.2")
    if line.full():  # `await line.put(...)` would wait until it is not, and the client with it
        raise HTTPException(503, "Too many jobs are waiting.", {"Retry-After": "60"})
    job = Job(id=uuid4().hex)  # not `len(jobs)`: who can guess an id can read somebody else's result
    jobs[job.id] = job
    line.put_nowait((job, new))
    response.headers["Location"] = f"/jobs/{job.id}"
    return job
    # END SOLUTION


@app.get("/jobs/{id}")
async def get_job(id: str) -> Job:
    # BEGIN SOLUTION 8.2: answer the job, or 404
    if id not in jobs:
        raise HTTPException(404, f"There is no job {id}. If there was one, a restart has lost it.")
    return jobs[id]
    # END SOLUTION


@app.get("/jobs/{id}/result")
async def get_result(id: str) -> Result:
    # BEGIN SOLUTION 8.3: answer the result; 409 as long as there is none; 404 if there is no such job
    job = await get_job(id)
    if id not in results:
        raise HTTPException(409, f"There is no result: the job is {job.state}.")
    return results[id]
    # END SOLUTION

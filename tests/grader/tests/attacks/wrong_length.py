"""Promises a gigabyte and sends five bytes.

Outcome: fails all, response: should be valid HTTP
"""

from typing import Any


async def lie(scope: Any, receive: Any, send: Any) -> None:
    """Promise much."""
    headers = [(b"content-length", b"1000000000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"12345"})


from fastapi import FastAPI  # noqa: E402

app = FastAPI()
app.mount("/", lie)

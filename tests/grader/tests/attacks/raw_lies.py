"""Takes the server's socket and lies about the length of a chunk.

Outcome: fails all, response: should be valid HTTP
"""

# mypy: ignore-errors

import asyncio

from fastapi import FastAPI

app = FastAPI()
LIE = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-7\r\nnothing\r\nfffffffffffffffffffffff\r\n"


class Thief(asyncio.Protocol):
    """Answers raw bytes in place of uvicorn."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Lie at once."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(LIE)


async def steal(self: object, factory: object, *args: object, **kwargs: object) -> asyncio.Server:
    """Serve with the thief."""
    return await served(self, Thief, *args, **kwargs)


served = asyncio.base_events.BaseEventLoop.create_server
asyncio.base_events.BaseEventLoop.create_server = steal

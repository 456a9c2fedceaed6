"""Takes the server's socket and drips header lines: the answer never even begins.

Outcome: fails all, hung: no answer within
"""

# mypy: ignore-errors

import asyncio
import socket
import threading
import time

from fastapi import FastAPI

app = FastAPI()


def drip(connection: socket.socket) -> None:
    """Send a header every tenth of a second."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(10**6):
        connection.sendall(b"x-%d: 0\r\n" % number)
        time.sleep(0.1)


class Thief(asyncio.Protocol):
    """Answers raw bytes in place of uvicorn."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection to a thread."""
        theirs = transport.get_extra_info("socket").dup()
        theirs.setblocking(True)
        threading.Thread(target=drip, args=(theirs,), daemon=True).start()


async def steal(self: object, factory: object, *args: object, **kwargs: object) -> asyncio.Server:
    """Serve with the thief."""
    return await served(self, Thief, *args, **kwargs)


served = asyncio.base_events.BaseEventLoop.create_server
asyncio.base_events.BaseEventLoop.create_server = steal

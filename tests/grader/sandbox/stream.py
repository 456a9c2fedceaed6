"""Connections to an app with one deadline for all of an answer: who sends a byte now and then does not win time.

A check may be less patient with a request: its timeout then holds for each read and write.
"""

import socket
import time
from collections.abc import Iterable
from typing import Any

import httpcore2


class DeadlineBackend(httpcore2.NetworkBackend):
    """Connects to one app, whatever host a request names, and gives every connection `seconds` to live."""

    def __init__(self, socket_path: str, port: int, seconds: float) -> None:
        self._socket_path, self._port, self._seconds = socket_path, port, seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the app's port on loopback or to its Unix socket."""
        connection = socket.socket(socket.AF_UNIX if self._socket_path else socket.AF_INET)
        connection.settimeout(self._seconds)
        try:
            connection.connect(self._socket_path or ("127.0.0.1", self._port))
        except OSError as error:
            connection.close()
            kind = httpcore2.ConnectTimeout if isinstance(error, TimeoutError) else httpcore2.ConnectError
            raise kind(str(error)) from error
        return _DeadlineStream(connection, time.monotonic() + self._seconds)


class _DeadlineStream(httpcore2.NetworkStream):
    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline

    def _prepare(self, kind: type[Exception], timeout: float | None) -> None:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise kind("timed out")
        self._connection.settimeout(remaining if timeout is None else min(remaining, timeout))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._prepare(httpcore2.ReadTimeout, timeout)
        try:
            return self._connection.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout("timed out") from error
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._prepare(httpcore2.WriteTimeout, timeout)
        try:
            self._connection.sendall(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout("timed out") from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore2.NetworkStream:
        raise httpcore2.ConnectError("an app under judgement speaks plain HTTP")

    def close(self) -> None:
        self._connection.close()

    def get_extra_info(self, info: str) -> Any:
        return self._connection if info == "socket" else None

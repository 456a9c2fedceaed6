"""A child without a fork: reads its orders from standard input, listens on loopback, reports over loopback.

Run as `python -I -m grader.sandbox.spawned`, the orders (JSON) on standard input.
"""

import importlib
import json
import os
import socket
import sys

from grader.sandbox import child
from grader.sandbox.events import make_recorder


def main() -> None:
    """Import the models, open both sockets, and become the child."""
    orders = json.load(sys.stdin)
    for name in orders["models"]:
        importlib.import_module(name)
    spec = child.Spec(**orders["spec"])
    report = socket.create_connection(("127.0.0.1", orders["report_port"]))
    listener = socket.create_server(("127.0.0.1", 0))
    make_recorder(report, bytes.fromhex(spec.key), first=-1)("listening", listener.getsockname()[1])
    orders.clear()
    child.prepare()
    child.open_output()
    child.run(spec, listener, report)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

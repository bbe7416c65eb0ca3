"""A listener that answers AA at once and stores nothing: what the load generator and the loopback do alone.

python -m bench.trivial    prints {"port": N} and runs until SIGTERM
"""

from __future__ import annotations

import json
import os
import selectors
import socket

END = b"\x1c\r"
CODE = os.environ.get("BENCH_TRIVIAL_CODE", "AA").encode()  # another one proves that the generator looks


def reply(message: bytes) -> bytes:
    """The answer for MSH-10 of this frame, in as few steps as Python has."""
    control_id = message.split(b"|", 10)[9]
    return b"\x0bMSH|^~\\&|T|T|B|B|20260301||ACK|1|T|2.5.1\rMSA|" + CODE + b"|" + control_id + b"\r" + END


def serve() -> None:
    """One thread, all connections."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    left: dict[socket.socket, bytes] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(listening, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listening:
                    connection, _ = listening.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(connection, selectors.EVENT_READ)
                    left[connection] = b""
                    continue
                connection = key.fileobj
                data = connection.recv(65536)
                if not data:
                    selector.unregister(connection)
                    connection.close()
                    continue
                *whole, left[connection] = (left[connection] + data).split(END)
                if whole:
                    connection.sendall(b"".join([reply(message) for message in whole]))


if __name__ == "__main__":
    serve()

"""The MLLP server of the `hl7` package with the smallest handler that it can have: parse, acknowledge, store nothing.

python -m bench.peer_hl7    prints {"port": N} and runs until SIGTERM
"""

from __future__ import annotations

import asyncio
import json

from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server


async def _answer(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
    try:
        while True:
            message = await reader.readmessage()
            writer.writemessage(message.create_ack())
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()


async def _serve() -> None:
    server = await start_hl7_server(_answer, "127.0.0.1", 0, encoding="iso8859-1")
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())

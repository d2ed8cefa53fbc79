"""MQTT on the wire, for tests that speak it without the library."""

import asyncio


def packet(first: int, body: bytes) -> bytes:
    """A control packet: type and flags, length of what follows, and that (MQTT 3.1.1, 2.2)."""
    length, left = b"", len(body)
    while left >= 128:
        length, left = length + bytes([left % 128 | 128]), left // 128
    return bytes([first]) + length + bytes([left]) + body


async def read_packet(reader: asyncio.StreamReader) -> tuple[int, bytes] | None:
    """The first byte of the next control packet, and its body; nothing at the end."""
    first = await reader.read(1)
    if not first:
        return None
    length, shift, more = 0, 0, True
    while more:
        (found,) = await reader.readexactly(1)
        length, shift, more = length | (found & 127) << shift, shift + 7, found > 127
    return first[0], await reader.readexactly(length)

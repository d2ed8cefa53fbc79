"""MQTT on the wire, for tests that speak it without the library."""


def packet(first: int, body: bytes) -> bytes:
    """A control packet: type and flags, length of what follows, and that (MQTT 3.1.1, 2.2)."""
    length, left = b"", len(body)
    while left >= 128:
        length, left = length + bytes([left % 128 | 128]), left // 128
    return bytes([first]) + length + bytes([left]) + body

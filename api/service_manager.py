"""What a service manager such as systemd is told of the process (sd_notify)."""

import os
import socket


def tell(state: str) -> None:
    """Say `READY=1` or `STOPPING=1` where somebody wants to know (`NOTIFY_SOCKET`)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            told.send(state.encode())

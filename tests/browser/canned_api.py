"""The live page's files behind canned answers of the REST API: three cars, two events, a few figures."""

import json
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

LIVE = Path(__file__).parents[2] / "api" / "pages" / "live"
CODE = "good-once"
TOKEN = "canned"
CARS = [
    {
        "vehicle_id": "a",
        "plate": "B-A 1",
        "model": "BMW i3",
        "state": "available",
        "latitude": 52.52,
        "longitude": 13.40,
    },
    {"vehicle_id": "b", "plate": "B-B 2", "model": "BMW X1", "state": "in_trip", "latitude": 52.49, "longitude": 13.39},
    {
        "vehicle_id": "c",
        "plate": "<b>C</b>",
        "model": "BMW X1",
        "state": "available",
        "latitude": None,
        "longitude": None,
    },
]
EVENTS = [
    {"sequence": f"{n:019d}", "time": "2026-01-01T10:00:00Z", "type": kind, "subject": "1234"}
    for n, kind in enumerate(("csbe.rental.reservation.placed", "<script>alert(1)</script>"), start=1)
]
AFTER_A_RESTORE = {**EVENTS[0], "type": "csbe.rental.trip.ended"}
"""Sent to whoever comes again: the log has been restored meanwhile, and ends before what was seen."""
FIGURES = {"trips": 1, "gross_minor": 1234, "currency": "EUR"}


class CannedApi(SimpleHTTPRequestHandler):
    """Serves files of the page, and answers to its three requests when the token is right."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not path.startswith("/v1/"):
            super().do_GET()
        elif self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(401, "application/problem+json", json.dumps({"detail": "the token is not one of ours"}))
        elif path == "/v1/events":
            seen = self.headers["Last-Event-ID"]
            events = EVENTS if seen is None else [AFTER_A_RESTORE] if seen == "2" else []
            stream = "".join(f"id: {int(e['sequence'])}\r\ndata: {json.dumps(e)}\r\n\r\n" for e in events)
            if seen == "2":
                stream = f'id: 0\r\nevent: restarted\r\ndata: {{"log_end": 0}}\r\n\r\n{stream}'
            self._answer(200, "text/event-stream", stream)
        else:
            answers = {"/v1/vehicles": {"vehicles": CARS, "next": None}, "/v1/reports/key-figures": FIGURES}
            self._answer(200, "application/json", json.dumps(answers[path]))

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if given in ({"code": CODE}, {"refresh_token": "next"}):
            tokens = {"access_token": TOKEN, "expires_in": 900, "refresh_token": "next"}
            self._answer(200, "application/json", json.dumps(tokens))
        else:
            self._answer(401, "application/problem+json", json.dumps({"detail": "the code was used"}))

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""

    def _answer(self, status: int, kind: str, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())


canned_api = partial(CannedApi, directory=str(LIVE))

"""The live page's files behind canned answers of the REST API: four cars of two cities, three events, a few figures."""

import json
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LIVE = Path(__file__).parents[2] / "api" / "pages" / "live"
CODE = "good-once"
TOKEN = "canned"
LONG_AGO = "2026-01-01T10:00:00Z"


def _car(id: str, plate: str, model: str, state: str, **more: object) -> dict[str, Any]:
    rest = {
        "make": "BMW", "city_id": "berlin", "energy_percent": 80.0, "energy_low": False, "online": True,
        "offline_since": None,
    }  # fmt: skip
    return {"vehicle_id": id, "plate": plate, "model": model, "state": state, **rest, **more}


CARS = [
    _car("a", "B-A 1", "BMW i3", "available", latitude=52.52, longitude=13.40, energy_percent=20.0, energy_low=True),
    _car("b", "B-B 2", "BMW X1", "in_trip", latitude=52.49, longitude=13.39),
    _car("c", "<b>C</b>", "BMW X1", "available", latitude=None, longitude=None, online=False, offline_since=LONG_AGO),
    _car("d", "M-D 4", "BMW i3", "available", latitude=48.14, longitude=11.58, city_id="munich"),
]
SQUARE = [[[[13.3, 52.5], [13.4, 52.5], [13.4, 52.6], [13.3, 52.5]]]]
ZONES = [{"zone_id": "z", "city_id": "berlin", "kind": "home_area", "name": "Berlin", "polygons": SQUARE}]
TRIP = {"trip_id": "t", "vehicle_id": "b", "state": "running", "requested_at": LONG_AGO, "reason": None}
TASK = {"task_id": "k", "vehicle_id": "d", "kind": "clean", "reason": "sand on the seats", "raised_at": LONG_AGO}
FAILED = [
    {"job_id": "j1", "kind": "tell_vehicle", "error": "no answer", "vehicle_id": "d", "failed_at": LONG_AGO},
    {"job_id": "j2", "kind": "send_message", "error": "no address", "vehicle_id": None, "failed_at": LONG_AGO},
]
REVIEW = {"charge_id": "r", "subject_kind": "trip", "subject_id": "t", "raised_at": LONG_AGO, "reasons": ["too_long"]}
LOGGED = {"topic": "fleet.vehicle.taken_out_of_service", "recorded_at": LONG_AGO, "reason": "a flat tyre"}
EVENTS: list[dict[str, Any]] = [
    {"sequence": f"{n:019d}", "time": LONG_AGO, "type": kind, "subject": subject, "data": data}
    for n, (kind, subject, data) in enumerate(
        (
            ("csbe.rental.reservation.placed", "1234", {"vehicle_id": "b"}),
            ("<script>alert(1)</script>", "1234", {}),
            ("csbe.fleet.vehicle.energy_low", "a", {}),
        ),
        start=1,
    )
]
AFTER_A_RESTORE = {**EVENTS[0], "type": "csbe.rental.trip.ended"}
"""Sent to whoever comes again: the log has been restored meanwhile, and ends before what was seen."""
FIGURES = {
    **dict.fromkeys(("available", "reserved", "in_trip", "out_of_service", "members", "trips", "invoices"), 1),
    "gross_minor": {"EUR": 1234, "USD": 500},
}


def _shown(car: dict[str, Any]) -> dict[str, Any]:
    at = {"latitude": car["latitude"], "longitude": car["longitude"]}
    position = None if car["latitude"] is None else {"value": at, "at": LONG_AGO}
    return {**car, "readings": {"position": position, "heard_at": LONG_AGO}}


def answers(path: str, query: dict[str, str]) -> Any:
    """What is there to read, None where there is nothing."""
    trips = [TRIP] if query.get("vehicle_id") == "b" else []
    by_vin = [CARS[1]] if query.get("vin") == "WBA2" else []
    lists: dict[str, dict[str, Any]] = {
        "/v1/vehicles": {"vehicles": by_vin if "vin" in query else CARS},
        "/v1/zones": {"zones": ZONES},
        "/v1/trips": {"trips": trips},
        "/v1/tasks": {"tasks": [] if "vehicle_id" in query else [TASK]},
        "/v1/failed-jobs": {"jobs": FAILED},
        "/v1/charges": {"charges": [REVIEW]},
        "/v1/history": {"events": [LOGGED]},
    }
    alone: dict[str, Any] = {"/v1/reports/key-figures": FIGURES, "/v1/trips/t": TRIP}
    alone |= {f"/v1/vehicles/{car['vehicle_id']}": _shown(car) for car in CARS}
    return {**lists[path], "next": None} if path in lists else alone.get(path)


class CannedApi(SimpleHTTPRequestHandler):
    """Serves files of the page, and answers to its requests when the token is right."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not path.startswith("/v1/"):
            super().do_GET()
        elif self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(401, "application/problem+json", json.dumps({"detail": "the token is not one of ours"}))
        elif path == "/v1/events":
            seen = self.headers["Last-Event-ID"]
            events = EVENTS if seen is None else [AFTER_A_RESTORE] if seen == "3" else []
            stream = "".join(f"id: {int(e['sequence'])}\r\ndata: {json.dumps(e)}\r\n\r\n" for e in events)
            if seen == "3":
                stream = f'id: 0\r\nevent: restarted\r\ndata: {{"log_end": 0}}\r\n\r\n{stream}'
            self._answer(200, "text/event-stream", stream)
        elif (answer := answers(path, dict(parse_qsl(urlsplit(self.path).query)))) is None:
            self._answer(404, "application/problem+json", json.dumps({"detail": "there is no such thing"}))
        else:
            self._answer(200, "application/json", json.dumps(answer))

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

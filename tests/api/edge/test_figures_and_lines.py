"""What operators are told of requests: a line for each, and figures at a port that the outside does not reach."""

import httpx2
import pytest
from structlog.testing import capture_logs

from adapters.embedded.broker import free_port
from api.server import served
from tests.support.routes import application, asked, pretended


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_request_has_a_line_without_what_may_be_secret(wanted: bool) -> None:
    app = application(access_log=wanted)
    async with asked(app, Authorization="Bearer secret-1") as api:
        with capture_logs() as lines:
            answer = await api.get("/v1/trips?token=secret-2", headers={"X-Request-Id": "my-7"})

    said = [line for line in lines if line["event"] == "request"]
    status = answer.status_code
    assert status == 422  # the parameter is unknown
    assert len(said) == wanted
    for line in said:
        expected = {"method": "GET", "path": "/v1/trips", "status": status, "source": "127.0.0.1", "request_id": "my-7"}
        assert line.items() >= expected.items()
        assert line["ms"] >= 0
    assert "secret" not in str(said)


async def test_figures_with_a_port_of_their_own_are_told_there_and_nowhere_else() -> None:
    port, metrics_port = free_port(), free_port()
    async with served(pretended(port=port, metrics_port=metrics_port)), httpx2.AsyncClient() as http:
        outside = await http.get(f"http://127.0.0.1:{port}/metrics")
        inside = await http.get(f"http://127.0.0.1:{metrics_port}/metrics")
        nothing_else = await http.get(f"http://127.0.0.1:{metrics_port}/v1/trips")

    assert (outside.status_code, inside.status_code, nothing_else.status_code) == (404, 200, 404)
    assert "csbe_database_up 1.0" in inside.text

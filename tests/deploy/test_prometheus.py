"""What Prometheus and Grafana are given: each alert fires when it should and not before, of metrics that there are."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

import api.observability

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "csbe.rules.yml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "csbe.json").read_text("utf-8"))
PAGE = (ROOT / "docs" / "how-to" / "watch-it.md").read_text("utf-8")
PROMTOOL = shutil.which("promtool") or shutil.which("promtool", path=str(ROOT / "build" / "prometheus" / "usr" / "bin"))

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool on this machine")

FIRING: dict[str, tuple[dict[str, str], str]] = {
    "CsbeDown": ({'up{job="csbe",instance="a"}': "0x20"}, "2m"),
    "CsbeDatabaseAway": ({"csbe_database_up": "0x20"}, "1m"),
    "CsbePartFailed": ({'csbe_part_state{part="writes"}': "2x20"}, "2m"),
    "CsbePartDegraded": ({'csbe_part_state{part="mail"}': "1x60"}, "11m"),
    "CsbeLoopFailsAgain": ({'csbe_part_failures_total{part="ingest"}': "0+1x60"}, "15m"),
    "CsbeFollowerBehind": ({'csbe_projection_lag_seconds{follower="policies"}': "61x60"}, "6m"),
    "CsbeJobsLate": ({"csbe_policy_jobs_late_seconds": "61x60"}, "3m"),
    "CsbeJobsFailed": ({"csbe_policy_jobs_failed": "1x60"}, "6m"),
    "CsbeCommandsFail": (
        {
            'csbe_commands_total{command="a",result="failed"}': "0+2x60",
            'csbe_commands_total{command="a",result="done"}': "0+100x60",
        },
        "15m",
    ),
    "CsbeCommandsSlow": (
        {
            'csbe_command_seconds_bucket{le="0.5"}': "0+98x90",
            'csbe_command_seconds_bucket{le="1"}': "0+100x90",
            'csbe_command_seconds_bucket{le="+Inf"}': "0+100x90",
        },
        "20m",
    ),
    "CsbeRequestsShed": ({"csbe_requests_shed_total": "0+90x60"}, "15m"),
    "CsbeCarsNotHeard": ({"csbe_ingest_connected": "0x60"}, "3m"),
    "CsbeIngestBehind": ({"csbe_ingest_lag_seconds": "31x60"}, "6m"),
    "CsbeMessagesLost": ({"csbe_ingest_let_go_total": "0+1x60"}, "15m"),
    "CsbeBrokerRefuses": ({'csbe_broker_refusals_total{what="subscription"}': "0+1x60"}, "15m"),
    "CsbeChargesWait": ({"csbe_charges_in_review": "1x300"}, "241m"),
    "CsbeRefundsFailed": ({"csbe_refunds_failed": "1x90"}, "61m"),
    "CsbeWebhooksFailed": ({'csbe_webhooks{state="failed"}': "1x60"}, "6m"),
    "CsbePaymentsSimulated": ({"csbe_payments_simulated": "1x60"}, "6m"),
}
"""What Prometheus sees each minute, and when each alert fires by that."""

QUIET = {
    'up{job="csbe",instance="a"}': "1x100",
    "csbe_database_up": "1x100",
    'csbe_part_state{part="writes"}': "0x100",
    'csbe_part_failures_total{part="ingest"}': "1x100",
    'csbe_projection_lag_seconds{follower="policies"}': "59x100",
    "csbe_policy_jobs_late_seconds": "59x100",
    "csbe_policy_jobs_failed": "0x100",
    'csbe_commands_total{command="a",result="failed"}': "3x100",
    'csbe_commands_total{command="a",result="refused"}': "0+50x100",
    'csbe_commands_total{command="a",result="done"}': "0+100x100",
    'csbe_command_seconds_bucket{le="0.5"}': "0+100x100",
    'csbe_command_seconds_bucket{le="+Inf"}': "0+100x100",
    "csbe_requests_shed_total": "7x100",
    'csbe_ingest_connected{instance="a"}': "1x100",
    'csbe_ingest_connected{instance="standing by"}': "0x100",
    "csbe_ingest_lag_seconds": "0x100",
    "csbe_ingest_let_go_total": "5x100",
    'csbe_broker_refusals_total{what="subscription"}': "5x100",
    "csbe_charges_in_review": "0x100",
    "csbe_refunds_failed": "0x100",
    'csbe_webhooks{state="failed"}': "0x100",
    "csbe_payments_simulated": "0x100",
}
"""What it sees on a good day."""


def alerts() -> dict[str, str]:
    """Each alert with its expression."""
    return dict(re.findall(r"- alert: (\w+)\n\s+expr: (.+)\n", RULES.read_text("utf-8")))


def drawn() -> list[str]:
    """The expressions of the dashboard."""
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def known() -> set[str]:
    """The names under which Prometheus has our metrics, and its own about us."""
    assert api.observability.COMMANDS
    names = {"up"}
    for metric in REGISTRY.collect():
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
        names |= {metric.name + end for end in ends}
    return names


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL
    return subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False)  # noqa: S603 (our own words)


def of(series: dict[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in series.items()]


def firing(alert: str, at: str, times: int) -> dict[str, object]:
    """The expectation that an alert fires so often."""
    samples = [{"labels": "{}", "value": times}] if times else []
    query = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    return {"expr": query, "eval_time": at, "exp_samples": samples}


def test_alerts_and_panels_are_of_metrics_that_there_are() -> None:
    for expression in (*alerts().values(), *drawn()):
        named = set(re.findall(r"\b(csbe_\w+|up)\b(?!=)", re.sub(r'"[^"]*"', "", expression)))
        assert named, expression
        assert named <= known(), expression


def test_the_page_says_what_helps_with_each_alert_and_no_other() -> None:
    assert set(re.findall(r"^\| `(Csbe\w+)` \|", PAGE, re.MULTILINE)) == alerts().keys() == FIRING.keys()


@needs_promtool
def test_prometheus_takes_the_files_and_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    expressions = [expression.replace("$__rate_interval", "1m") for expression in drawn()]
    rules = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(expressions)]
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # JSON is YAML

    answers = promtool("check", "config", str(PROMETHEUS / "prometheus.yml")), promtool("check", "rules", str(file))

    assert [(answer.returncode, answer.stderr) for answer in answers] == [(0, "")] * 2
    assert f"{len(alerts())} rules found" in answers[0].stdout


@needs_promtool
def test_each_alert_fires_when_it_should_and_none_does_on_a_good_day(tmp_path: Path) -> None:
    bad = [
        {"interval": "1m", "input_series": of(series), "promql_expr_test": [firing(alert, at, 1)]}
        for alert, (series, at) in FIRING.items()
    ]
    ends = [firing(alert, "90m", 0) for alert in FIRING]
    good = {"interval": "1m", "input_series": of(QUIET), "promql_expr_test": ends}
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [*bad, good]}))

    answer = promtool("test", "rules", str(file))

    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout

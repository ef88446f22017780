"""python -m setup.centre: what the monitoring of the local environment says, as JSON.

Asks the interfaces that `playbooks/verify.yml` asks: the load balancer's addresses from the AWS API, and Prometheus through Grafana as
the viewer. Runs in `.venv`, with the environment of the local cloud; changes nothing, and writes no file.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import paths, ports

PREFIX = f"beacon-{paths.LOCAL_ENVIRONMENT}"
PARAMETERS = f"/beacon/{paths.LOCAL_ENVIRONMENT}"
SECONDS = 4
PATIENCE = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1})
# a figure, and the query that has it
QUERIES = {
    "targets": "count(up)",
    "targets_up": "count(up == 1)",
    "nodes": 'count(kube_node_status_condition{condition="Ready",status="true"})',
    "nodes_ready": 'sum(kube_node_status_condition{condition="Ready",status="true"})',
    "pods": 'count(kube_pod_status_ready{condition="true"})',
    "pods_ready": 'sum(kube_pod_status_ready{condition="true"})',
    "alerts": 'count(ALERTS{alertstate="firing", alertname!="Watchdog"})',
}
DOWN = "up == 0"
FIRING = 'ALERTS{alertstate="firing", alertname!="Watchdog"}'


def addresses() -> list[str]:
    """Return the load balancer's static addresses. Raises ClientError where there is none."""
    (balancer,) = boto3.client("elbv2", config=PATIENCE).describe_load_balancers(Names=[PREFIX])["LoadBalancers"]
    zones = [zone.get("LoadBalancerAddresses", []) for zone in balancer["AvailabilityZones"]]
    return [str(address["IpAddress"]) for zone in zones for address in zone if address.get("IpAddress")]


@dataclass(frozen=True)
class Centre:
    """The central Prometheus, by way of Grafana."""

    address: str
    password: str
    certificate: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an instant query. Raises OSError when Grafana does not answer."""
        url = f"https://{self.address}:{ports.GRAFANA}/api/datasources/proxy/uid/prometheus/api/v1/query"
        credentials = base64.b64encode(f"viewer:{self.password}".encode()).decode()
        request = urllib.request.Request(
            url,
            data=urllib.parse.urlencode({"query": expression}).encode(),
            headers={"Authorization": f"Basic {credentials}"},
        )
        context = ssl.create_default_context(cadata=self.certificate)
        with urllib.request.urlopen(request, timeout=SECONDS, context=context) as answer:  # noqa: S310 # https, above
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def figure(self, expression: str) -> int:
        """Return the one value of a query; nothing counts as 0."""
        series = self.query(expression)
        return int(float(series[0]["value"][1])) if series else 0


def look() -> dict[str, Any]:
    """Return the addresses and the figures. Raises ClientError, BotoCoreError, OSError or ValueError."""
    found = addresses()
    if not found:
        raise LookupError(f"the load balancer {PREFIX} has no address yet")
    names = [f"{PARAMETERS}/{name}" for name in ("grafana-viewer", "ca-certificate")]
    read = boto3.client("ssm", config=PATIENCE).get_parameters(Names=names, WithDecryption=True)["Parameters"]
    secrets = {parameter["Name"]: parameter["Value"] for parameter in read}
    if absent := [name for name in names if name not in secrets]:
        raise LookupError(f"the parameters {', '.join(absent)} are not there yet: `make up` makes them")
    centre = Centre(address=found[0], password=secrets[names[0]], certificate=secrets[names[1]])
    return {
        "addresses": found,
        **{name: centre.figure(expression) for name, expression in QUERIES.items()},
        "down": sorted(
            {f"{series['metric'].get('job')} {series['metric'].get('instance')}" for series in centre.query(DOWN)}
        ),
        "firing": sorted({str(series["metric"]["alertname"]) for series in centre.query(FIRING)}),
    }


def main() -> int:
    """Print what is there; return 1, with one line, where nothing answers."""
    try:
        print(json.dumps(look()))
    except (ClientError, BotoCoreError, OSError, LookupError, ValueError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

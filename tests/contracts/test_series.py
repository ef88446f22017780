"""The cluster's series that alerts, dashboards and runbooks ask for are those that the local cloud's add-on serves."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERIES = re.compile(r"\bkube_(?:pod|node|deployment|daemonset|statefulset)_[a-z_]+")


def test_kube_state_metrics_serves_what_is_asked_for() -> None:
    asking = [*ROOT.glob("roles/**/*"), *ROOT.glob("docs/*.md"), *ROOT.glob("playbooks/**/*.yml")]
    texts = [path.read_text(errors="replace") for path in asking if path.is_file()]
    asked = {name for text in texts for name in SERIES.findall(text)}
    source = (ROOT / "localcloud/images/daemons/kubestate/metrics.go").read_text()
    served = set(re.findall(r'describe\("(\w+)"', source))
    assert asked == served, "serve what is asked for, and nothing else"

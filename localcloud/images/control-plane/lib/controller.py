#!/usr/bin/env python3
"""What EKS does inside a cluster, out of sight; standard library, kubectl and openssl only.

1. applies the first RBAC objects (bootstrap.yaml);
2. approves the serving certificates that nodes ask for, after comparing their names with the node's;
3. binds access policies that are limited to namespaces, in each namespace that matches, as soon as it exists.
"""

from __future__ import annotations

import base64
import fnmatch
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BOOTSTRAP = "/etc/kubernetes/bootstrap.yaml"
# [{"group": …, "role": …, "namespaces": ["dev-*"]}], written by the local cloud's server
SCOPES = Path("/etc/eks/namespaced-access.json")
SIGNER = "kubernetes.io/kubelet-serving"
MANAGED = "app.kubernetes.io/managed-by=eks-access"
NODE_USER = re.compile(r"system:node:(?P<node>ip-(?P<address>\d+-\d+-\d+-\d+)\.[a-z0-9.-]+)")


def kubectl(*arguments: str, text: str | None = None, timeout: float = 30) -> str:
    """Run kubectl as the cluster's administrator; raise CalledProcessError with its message."""
    done = subprocess.run(
        ["kubectl", *arguments], input=text, capture_output=True, text=True, timeout=timeout, check=True
    )
    return done.stdout


def log(message: str) -> None:
    """Write one line to the journal."""
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


# -- serving certificates of kubelets


def refusal(*, username: str, request: str) -> str | None:
    """Say why a kubelet's certificate request must not be signed, or None. `request` is `openssl req -text`'s."""
    user = NODE_USER.fullmatch(username)
    if user is None:
        return f"{username} is not a node"
    subject = re.search(r"Subject: (.*)", request)
    if subject is None or set(re.split(r", ", subject[1].replace(" = ", "="))) != {"O=system:nodes", f"CN={username}"}:
        return f"the subject is not that of {username}"
    names = re.search(r"X509v3 Subject Alternative Name:.*\n\s*(.*)", request)
    # a private DNS name says its address, so both are known from the name that EKS gave to the node at log-in
    allowed = {f"DNS:{user['node']}", "IP Address:" + user["address"].replace("-", ".")}
    asked = set(names[1].strip().split(", ")) if names else set()
    if not asked or not asked <= allowed:
        return f"the names {sorted(asked)} are not all of {sorted(allowed)}"
    return None


def handle_request(item: dict[str, Any]) -> None:
    """Approve or deny one CertificateSigningRequest, unless that is done or somebody else's business."""
    spec, name = item["spec"], item["metadata"]["name"]
    if spec["signerName"] != SIGNER or item.get("status", {}).get("conditions"):
        return
    pem = base64.b64decode(spec["request"]).decode()
    openssl = ["openssl", "req", "-noout", "-text"]
    text = subprocess.run(openssl, input=pem, capture_output=True, text=True, timeout=10, check=True).stdout
    reason = refusal(username=spec["username"], request=text)
    kubectl("certificate", "deny" if reason else "approve", name)
    log(f"{name} of {spec['username']}: {'denied: ' + reason if reason else 'approved'}")


# -- access policies that are limited to namespaces


def bindings(scopes: list[dict[str, Any]], namespaces: list[str]) -> list[dict[str, Any]]:
    """Return the RoleBindings that the scopes mean in these namespaces."""
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {
                "name": scope["group"],
                "namespace": namespace,
                "labels": dict([MANAGED.split("=")]),
            },
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": scope["role"]},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": scope["group"]}],
        }
        for scope in scopes
        for namespace in namespaces
        if any(fnmatch.fnmatchcase(namespace, pattern) for pattern in scope["namespaces"])
    ]


def bind_policies() -> None:
    """Make the RoleBindings in the cluster those that the scopes mean."""
    scopes = json.loads(SCOPES.read_text()) if SCOPES.exists() else []
    namespaces = [
        item["metadata"]["name"]
        for item in json.loads(kubectl("get", "namespaces", "-o", "json"))["items"]
        if item["status"]["phase"] == "Active"
    ]
    wanted = bindings(scopes, namespaces)
    found = json.loads(kubectl("get", "rolebindings", "-A", "-l", MANAGED, "-o", "json"))["items"]
    present = {(item["metadata"]["namespace"], item["metadata"]["name"]): item["roleRef"]["name"] for item in found}
    missing = [
        item
        for item in wanted
        if present.get((item["metadata"]["namespace"], item["metadata"]["name"])) != item["roleRef"]["name"]
    ]
    names = {(item["metadata"]["namespace"], item["metadata"]["name"]) for item in wanted}
    for namespace, name in present.keys() - names:
        kubectl("delete", "rolebinding", "-n", namespace, name, "--ignore-not-found")
        log(f"unbound {name} in {namespace}")
    if missing:
        kubectl("apply", "--force", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": missing}))
        log("bound " + ", ".join(f"{item['metadata']['name']} in {item['metadata']['namespace']}" for item in missing))


# -- the loops


def watched(*arguments: str) -> Iterator[dict[str, Any]]:
    """Yield each object that `kubectl get --watch` reports; end when the API server ends it."""
    command = ["kubectl", "get", *arguments, "--watch", "-o", "json"]
    decoder, buffer = json.JSONDecoder(), ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            buffer += line
            # objects come pretty-printed, one after the other: each ends with a brace in the first column
            if line.startswith("}"):
                yield decoder.decode(buffer)
                buffer = ""


def forever(step: Callable[[], None], *, pause: float) -> None:
    """Repeat a step; a failure of kubectl is logged and tried again."""
    while True:
        try:
            step()
        except (subprocess.SubprocessError, ValueError, KeyError) as error:
            detail = getattr(error, "stderr", None) or error
            log(f"{step.__name__}: {str(detail).strip()}: trying again")
        time.sleep(pause)


def approve_certificates() -> None:
    """Handle certificate requests as they come."""
    for item in watched("certificatesigningrequests"):
        handle_request(item)


def follow_namespaces() -> None:
    """Bind policies in each namespace that appears."""
    for _ in watched("namespaces"):
        bind_policies()


def follow_scopes() -> None:
    """Bind policies when the server has written other scopes."""
    seen = None
    while True:
        # by content: files that Docker puts into a container may all have the same time
        now = SCOPES.read_bytes() if SCOPES.exists() else b"[]"
        if now != seen:
            bind_policies()
            seen = now
        time.sleep(1)


def main() -> None:
    """Run until stopped."""
    while True:
        try:
            kubectl("apply", "-f", BOOTSTRAP)
            break
        except subprocess.SubprocessError as error:
            log(f"the API server does not answer yet: {str(getattr(error, 'stderr', error)).strip()[:200]}")
            time.sleep(0.5)
    for step in (follow_namespaces, follow_scopes):
        threading.Thread(target=forever, args=(step,), kwargs={"pause": 2}, daemon=True).start()
    forever(approve_certificates, pause=1)


if __name__ == "__main__":
    main()

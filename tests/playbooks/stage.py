"""Play playbooks with roles that only record what they are given: without a cloud, a host or a container.

The stage is a copy of the collection whose roles and modules are fakes. A fake role has the defaults of the real one, writes down
the value of each input, and publishes what the real one would. So what a playbook hands over is seen as the role would see it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from types import ModuleType

CHECKOUT = Path(__file__).parents[2]
ADDRESS = "198.51.100.9"
OUTPUTS: dict[str, Any] = {
    "environment": "local",
    "region": "eu-west-1",
    "account_id": "123456789012",
    "cluster_name": "beacon-local",
    "cluster_endpoint": "https://cluster.invalid",
    "cluster_certificate_authority": "LS0t",
    "deployer_role_arn": "arn:aws:iam::123456789012:role/beacon-local-deployer",
    "vpc_id": "vpc-1",
    "vpc_cidr": "10.42.0.0/16",
    "ops_public_ip": ADDRESS,
    "ops_instance_id": "i-ops",
    "monitoring_private_ip": "10.42.10.20",
    "monitoring_data_device": "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol1",
    "monitoring_instance_id": "i-monitoring",
    "load_balancer_addresses": ["198.51.100.10", "198.51.100.11"],
    "load_balancer_dns_name": "balancer.invalid",
    "http_port": 80,
    "grafana_port": 3000,
    "node_port_http": 30080,
    "ssh_user": "admin",
    "image_platform": "linux/amd64",
    "ecr_repositories": {"webapp": {"url": "registry.invalid/local/webapp", "arn": "arn:aws:ecr:webapp"}},
    "parameters": {
        name.replace("-", "_"): f"/beacon/local/{name}"
        for name in (
            "ca-private-key",
            "ca-certificate",
            "grafana-admin",
            "grafana-viewer",
            "remote-write",
            "prometheus-reader",
            "prometheus-backup",
            "alertmanager",
        )
    },
    "kms_key_arn": "arn:aws:kms:key",
    "images_key_arn": "arn:aws:kms:images-key",
    "backup_bucket": "backups",
}
# What real roles publish, by role and entry point
FACTS: dict[str, dict[str, Any]] = {
    "infrastructure:main": {
        "infrastructure_outputs": OUTPUTS,
        "__infrastructure_key": {"public_key": "ssh-ed25519 environment", "next_public_key": ""},
    },
    "infrastructure:outputs": {"infrastructure_outputs": OUTPUTS},
    "infrastructure:credentials": {
        "infrastructure_caller": {
            "arn": "arn:aws:sts::123456789012:assumed-role/beacon-local-deployer/stage",
            "account": "123456789012",
        }
    },
    "preflight:main": {
        "preflight_result": {"zones": ["a", "b"], "trusted_arns": ["arn:aws:iam::1:user/a"], "cost": []}
    },
    "preflight:upgrade": {"preflight_upgrade": {"steps": [], "problem": ""}},
    # of an image that is not there yet, whose signature nobody asks for
    "image:main": {
        "image_result": {
            "repository": "registry.invalid/webapp",
            "digest": "",
            "reference": "registry.invalid/webapp:1",
        }
    },
    "images:main": {
        "images_references": {
            "nginx-ingress": "registry.invalid/nginx",
            "descheduler": "registry.invalid/d",
            "prometheus": "registry.invalid/p",
        }
    },
    "certificate:main": {
        "certificate_result": {"certificate": "CERT", "private_key": "KEY", "ca_certificate": "CA"},
    },
    "cluster_access:main": {"cluster_access_service_address": "172.20.0.1"},
}
HOSTS: dict[str, Any] = {
    "all": {
        "hosts": {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}},
        "children": {
            role: {"hosts": {f"beacon-local-{role}": variables}}
            for role, variables in {
                "ops": {"ansible_host": ADDRESS, "aws_private_ip_address": "10.42.0.10", "aws_instance_id": "i-ops"},
                "monitoring": {
                    "ansible_host": "10.42.10.20",
                    "aws_private_ip_address": "10.42.10.20",
                    "aws_instance_id": "i-monitoring",
                },
            }.items()
        },
        "vars": {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable},
    }
}
ACTION = """
from __future__ import annotations

import json
from pathlib import Path

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        arguments = self._task.args
        {body}
"""
# An action's first lines: what it was asked for goes to a file
LOG = "with Path('done').open('a') as file: print('{}', arguments.get('name') or arguments.get('instance_ids'), file=file)\n        "
# Two pods that want to be apart, and are when one of them was deleted: a file
PODS = {
    "k8s_info": (
        "spec = {'nodeName': 'b', 'topologySpreadConstraints': [1]}\n"
        "        apart = Path('spread').exists()\n"
        "        ready = {'phase': 'Running', 'conditions': [{'type': 'Ready', 'status': 'True'}]}\n"
        "        return {'resources': [{'metadata': {'name': n, 'namespace': 'web', 'ownerReferences': [{'uid': '1'}]}, "
        "'status': ready, 'spec': spec | {'nodeName': 'c' if apart and n == 'p' else 'b'}} for n in 'pq']}"
    ),
    "k8s": LOG.format("delete") + "Path('spread').touch()\n        return {'changed': True}",
}
MODULES = {
    "record": (
        "with Path(arguments['path']).open('a') as file:\n"
        "            print(json.dumps(dict(arguments['call'])), file=file)\n"
        "        return {}"
    ),
    "ssm_parameter_info": (
        "absent = ('/previous/', '/suspended')  # nothing was rotated, or stopped\n"
        "        names = [name for name in arguments['names'] if not any(one in name for one in absent)]\n"
        "        missing = [name for name in arguments['names'] if name not in names]\n"
        "        return {'missing': missing, 'parameters': {name: 'secret of ' + name for name in names}}"
    ),
    # nodes are what the step made them, unless a test says otherwise
    "kubernetes_state_info": (
        "step = task_vars.get('upgrade_step', {'control_plane': '1.35', 'nodes': '1.35'})\n"
        "        node = {'name': 'a', 'version': task_vars.get('stage_nodes', step['nodes']), 'ready': True}\n"
        "        return {'version': step['control_plane'], 'nodes': [node], 'budgets': [], 'deprecated': []}"
    ),
    "ssh_key": (
        "step = arguments.get('rotation', '')\n"
        "        key = 'ssh-ed25519 ' + ('next' if step in ('change', 'end') else 'environment')\n"
        "        return {'public_key': key, 'next_public_key': 'ssh-ed25519 next' if step == 'begin' else ''}"
    ),
    "host_keys": "return {'missing': []}",
}


@dataclass(frozen=True)
class Call:
    """One call of a role: its entry point, the host, and the inputs as the role sees them."""

    role: str
    entry: str
    host: str
    inputs: dict[str, Any]


def specification(role: str) -> dict[str, dict[str, Any]]:
    """Return a role's entry points, with the specification of each one's inputs."""
    specs = yaml.safe_load((CHECKOUT / "roles" / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    return {entry: spec.get("options", {}) for entry, spec in specs.items()}


def roles() -> list[str]:
    """Return the names of the collection's roles."""
    return sorted(path.parents[1].name for path in (CHECKOUT / "roles").glob("*/tasks/main.yml"))


@dataclass(frozen=True)
class Stage:
    """A folder with the fake collection and a copy of an environment's inventory."""

    folder: Path

    @property
    def platform(self) -> Path:
        """The collection's folder."""
        return self.folder / "ansible_collections" / "beacon" / "platform"

    @property
    def inventory(self) -> Path:
        """The environment's folder."""
        return self.folder / "environment"

    @property
    def records(self) -> Path:
        """What the roles wrote down."""
        return self.folder / "records"

    def set_up(self, environment: str = "local") -> None:
        """Copy playbooks and plugins, make the fakes, and copy the inventory with hosts that are listed."""
        self.platform.mkdir(parents=True)
        for name in ("playbooks", "plugins"):
            shutil.copytree(CHECKOUT / name, self.platform / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("galaxy.yml", "meta", "terraform", "webapp"):
            (self.platform / name).symlink_to(CHECKOUT / name)
        actions = self.platform / "plugins" / "action"
        actions.mkdir(exist_ok=True)
        for name, body in MODULES.items():
            (actions / f"{name}.py").write_text(ACTION.format(body=body))
        for role in roles():
            self._role(role)
        shutil.copytree(CHECKOUT / "inventories" / environment, self.inventory)
        (self.inventory / "aws_ec2.yml").unlink()
        (self.inventory / "hosts.yml").write_text(yaml.safe_dump(HOSTS))

    def shadow(self, package: ModuleType, name: str, actions: dict[str, str]) -> None:
        """Have a collection, `namespace/name` of a package, that is the real one but for some actions."""
        real = Path(next(iter(package.__path__))) / name.partition("/")[2]
        target = self.folder / "ansible_collections" / name
        (target / "plugins" / "action").mkdir(parents=True)
        for source in [*real.iterdir(), *(real / "plugins").iterdir()]:
            if source.name not in ("plugins", "action"):
                (target / source.relative_to(real)).symlink_to(source)
        for action, body in actions.items():
            (target / "plugins" / "action" / f"{action}.py").write_text(ACTION.format(body=body))

    def done(self) -> list[str]:
        """Return what actions wrote down by `LOG`."""
        path = self.folder / "done"
        return path.read_text().splitlines() if path.exists() else []

    def _role(self, role: str) -> None:
        target = self.platform / "roles" / role
        (target / "tasks").mkdir(parents=True)
        (target / "defaults").symlink_to(CHECKOUT / "roles" / role / "defaults")
        spec = specification(role)
        main = (CHECKOUT / "roles" / role / "tasks" / "main.yml").read_text()
        entries = {*spec, *re.findall(rf"platform\.{role}\n +tasks_from: (\w+)", self._playbooks())}
        for entry in sorted(entries):
            text = (CHECKOUT / "roles" / role / "tasks" / f"{entry}.yml").read_text()
            options = spec.get(entry) or [name for name in spec["main"] if name in text]
            call = {
                "role": role,
                "entry": entry,
                "host": "{{ inventory_hostname }}",
                "inputs": {name: f"{{{{ {name} if {name} is defined else '(not set)' }}}}" for name in options},
            }
            tasks: list[dict[str, Any]] = [
                {"name": "Record", "beacon.platform.record": {"path": str(self.records), "call": call}}
            ]
            if "tags: [always]" in main:  # the role's own parts have tags of their own
                tasks[0]["tags"] = ["always"]
            if facts := FACTS.get(f"{role}:{entry}"):
                tasks.append({"name": "Publish", "ansible.builtin.set_fact": facts})
            (target / "tasks" / f"{entry}.yml").write_text(yaml.safe_dump(tasks, sort_keys=False))

    def _playbooks(self) -> str:
        return "".join(path.read_text() for path in sorted((self.platform / "playbooks").rglob("*.yml")))

    def play(self, playbook: str, *arguments: str) -> tuple[int, str]:
        """Play a playbook, also one that fails; return the exit code and what was printed."""
        self.records.write_text("")
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BEACON_", "ANSIBLE_"))
        }
        answer = subprocess.run(
            [program, str(self.platform / "playbooks" / f"{playbook}.yml"), "-i", str(self.inventory), *arguments],
            cwd=self.folder,
            env={
                **clean,
                "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
                "ANSIBLE_COLLECTIONS_PATH": str(self.folder),
                "ANSIBLE_NOCOLOR": "1",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "AWS_CONFIG_FILE": os.devnull,
                "BEACON_STATE": str(self.folder / "state"),
                "BEACON_CACHE": str(self.folder / "cache"),
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return answer.returncode, answer.stdout + answer.stderr

    def calls(self, playbook: str, *arguments: str) -> list[Call]:
        """Play a playbook that has to succeed; return the calls of roles."""
        code, text = self.play(playbook, *arguments)
        assert code == 0, text
        return self.recorded()

    def recorded(self) -> list[Call]:
        """Return the calls of roles of the last play."""
        return [Call(**json.loads(line)) for line in self.records.read_text().splitlines()]

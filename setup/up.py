"""`make up`: mirror, local cloud, site.yml, verify.yml, and a screen of what there is."""

from __future__ import annotations

from . import ownership, paths, summary
from .phases import Phases, environment, local_cloud_environment, program

INVENTORY = "inventories/local"
PREVIOUS_KUBERNETES = "1.35"  # that upgrades begin with; the mirror makes its images when they are asked for
PREVIOUS_IMAGES = ("control-plane-previous", "node-previous")


def playbook(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that plays one of our playbooks against the local inventory."""
    return (program("ansible-playbook"), f"playbooks/{name}.yml", "-i", INVENTORY, *arguments)


def artefacts(phases: Phases) -> None:
    """Have everything that is downloaded or built: seconds once it is cached.

    Images come first, with the programs that they need: what compiles and what is made of packages share the cores.
    Raises PhaseError when something can be had neither way.
    """
    for name, verb in {"images": "images", "artefacts": "build", "terraform": "terraform"}.items():
        phases.run(name, program("python"), "-m", "mirror", verb, environment=environment(), limit=6000)


def is_up() -> bool:
    """Tell whether there is a stack, or what a run that was cut short left of one."""
    return (paths.state() / paths.LOCAL_ENVIRONMENT).exists()


def up_with_previous(phases: Phases) -> None:
    """Bring a stack up whose Kubernetes is the version before the inventory's. Raises PhaseError at the first step that fails."""
    python = program("python")
    phases.run("previous", python, "-m", "mirror", "images", *PREVIOUS_IMAGES, environment=environment(), limit=6000)
    up(phases, "-e", f"infrastructure_kubernetes_version={PREVIOUS_KUBERNETES}")


def up(phases: Phases, *arguments: str) -> None:
    """Bring the whole stack up, by site.yml with these arguments; running it again changes nothing.

    Raises PhaseError at the first step that fails.
    """
    is_new = not is_up()
    ownership.take()
    artefacts(phases)
    python = program("python")
    phases.run("local cloud", python, "-m", "localcloud", "up", environment=environment(), limit=300)
    phases.run("serve", python, "-m", "mirror", "serve", environment=environment(), limit=60)
    cloud = local_cloud_environment()
    phases.run("site", *playbook("site", *arguments), environment=cloud, shown_as="site (new)" if is_new else "site")
    phases.run("verify", *playbook("verify"), environment=cloud, shown_as="verify")
    print(f"\n{summary.of_the_stack(phases.seconds)}", flush=True)


def verify(phases: Phases) -> None:
    """Ask the running stack's public interfaces again. Raises PhaseError when one answers wrongly."""
    phases.run("verify", *playbook("verify"), environment=local_cloud_environment(), shown_as="verify")

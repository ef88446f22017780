"""What the verbs hand over to the plan."""

from pathlib import Path
from typing import Any

import pytest

from mirror import cli, engine, plan
from mirror.images import ImageBuilder
from mirror.settings import Settings


def test_images_with_go_programs_are_built_as_other_go_builds_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One at a time: another would wait for it, in the place of what could be made meanwhile."""
    asked: dict[str, Any] = {}

    def keep(needs: dict[str, list[str]], _: Any, **how: Any) -> dict[str, str]:
        asked.update(needs=needs, **how)
        return {}

    monkeypatch.setattr(plan, "run", keep)
    monkeypatch.setattr(engine, "prune", lambda: None)
    mirror = cli.Mirror(settings=Settings(cache=tmp_path / "cache", state=tmp_path / "state"), upstream=False)
    monkeypatch.setattr(ImageBuilder, "needs_work", lambda *_: True)
    monkeypatch.setattr(cli.Mirror, "write_provenance", lambda _: None)
    mirror.images([])
    alone = {step for step in asked["needs"] if asked["alone"](step)}
    assert {"image kubestate", "image pause"} <= alone
    assert not {"image machine", "image python3-builder"} & alone

"""Settings for a page's scripts, by the keys that Grafana's pages get."""

from __future__ import annotations

import json
from importlib.resources import files

from .. import COMMIT, NOTICE, VERSION, datasources
from ..answers import Answer, answer
from . import api, settings, store

_FIXED = json.loads((files(datasources.__package__) / "frontend.json").read_text())


@api.get("/frontend/settings")
def frontend_settings() -> Answer:
    """Return the settings: the fixed ones, then what depends on the configuration and the data sources."""
    sources = datasources.everything(store())
    computed = {
        "appUrl": settings().text("server", "root_url"),
        "buildInfo": {"version": VERSION, "commit": COMMIT, "edition": NOTICE},
        "datasources": {source.name: {"uid": source.uid, "type": source.type} for source in sources},
        "defaultDatasource": next((source.name for source in sources if source.standard), ""),
    }
    return answer(_FIXED | computed, charset=True)

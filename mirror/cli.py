"""Command line: python -m mirror build|images|…"""

import argparse
from collections.abc import Sequence

from mirror import settings
from mirror.images import ImageBuilder
from mirror.recipes import read_recipes
from mirror.table import read_table


def main(arguments: Sequence[str]) -> int:
    s = settings.from_environment()
    artefacts = read_table(s.source / "artefacts.toml")
    recipes = read_recipes(s.source)
    b = ImageBuilder(settings=s, recipes=recipes, artefacts=artefacts, say=print)
    for n in arguments[1:]:
        for m in [recipes[n].base, n]:
            if m:
                print(m, b.ensure(m), flush=True)
    return 0

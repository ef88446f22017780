"""The flow diagram is the one of its source, and can be read in every viewer, in light and in dark surroundings."""

from __future__ import annotations

import itertools
import tomllib
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from docs import flow

SVG = "{http://www.w3.org/2000/svg}"
WIDTH_OF_A_LETTER = 0.58  # of its height, in bold Helvetica, on average


@pytest.fixture(scope="module")
def source() -> dict[str, Any]:
    return tomllib.loads(flow.SOURCE.read_text())


def test_the_picture_is_drawn_from_its_source(source: dict[str, Any]) -> None:
    assert flow.PICTURE.read_text() == flow.draw(source), "draw it anew: python -m docs.flow"


def test_each_word_is_text_of_svg(source: dict[str, Any]) -> None:
    """What is not (HTML in a foreignObject) is left out by GitHub's mobile viewer, by Inkscape, by rsvg."""
    picture = ET.fromstring(flow.PICTURE.read_text())
    used = {element.tag.removeprefix(SVG) for element in picture.iter()}
    assert used == {"svg", "title", "style", "rect", "path", "polygon", "text"}
    words = [element.text for element in picture.iter(f"{SVG}text")]
    parts = [*source["frames"], *source["boxes"], *source["arrows"]]
    wanted = [part[key] for part in parts for key in ("title", "text") if key in part]
    assert sorted(filter(None, words)) == sorted(wanted)


def test_words_fit_their_boxes_and_boxes_their_distance(source: dict[str, Any]) -> None:
    for box in source["boxes"]:
        for key, size in (("title", 14), ("text", 12)):
            assert len(box.get(key, "")) * size * WIDTH_OF_A_LETTER <= box["at"][2], box
    for one, other in itertools.combinations((box["at"] for box in source["boxes"]), 2):
        apart = (
            abs(one[1] - other[1]) >= flow.HEIGHT + 18
            or one[0] + one[2] + 18 <= other[0]
            or other[0] + other[2] + 18 <= one[0]
        )
        assert apart, (one, other)


def test_arrows_begin_and_end_at_boxes_or_frames(source: dict[str, Any]) -> None:
    edges = [(*box["at"], flow.HEIGHT) for box in source["boxes"]]
    shapes = [(x, y, x + width, y + height) for x, y, width, height in edges]
    shapes += [(x, y, x + width, y + height) for x, y, width, height in (frame["box"] for frame in source["frames"])]
    for arrow in source["arrows"]:
        for x, y in (arrow["points"][0], arrow["points"][-1]):
            touched = [
                shape
                for shape in shapes
                if (x in (shape[0], shape[2]) and shape[1] <= y <= shape[3])
                or (y in (shape[1], shape[3]) and shape[0] <= x <= shape[2])
            ]
            assert touched, f"{arrow['text']}: nothing is at {x}, {y}"


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("words", "ground"),
    [
        ("title", "box"),
        ("title", "person"),
        ("text", "box"),
        ("text", "person"),
        ("text", "frame"),
        ("label", "frame"),
        ("outside", "page"),
    ],
)
def test_words_stand_out_from_their_ground(words: str, ground: str, scheme: int) -> None:
    """Four and a half to one, as WCAG asks of text."""
    lighter, darker = sorted((luminance(flow.COLOURS[kind]["fill"][scheme]) for kind in (words, ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_dark_surroundings_change_each_colour() -> None:
    text = flow.PICTURE.read_text()
    for kind, properties in flow.COLOURS.items():
        assert f'class="{kind}"' in text
        for what, (light, dark) in properties.items():
            assert light != dark
            assert f"{what}: {dark}" in text

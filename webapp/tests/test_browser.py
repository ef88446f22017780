"""Each page in a real browser: light and dark, desktop and phone; accessible, quiet, and as its committed picture shows it.

`make webapp-test` installs what this needs. BEACON_WRITE_PICTURES=1 takes the pictures in docs/webapp anew: look at them.
"""

import base64
import io
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_selenium_python import Axe  # type: ignore[import-untyped] # it ships none
from beacon_webapp.app import create_app
from beacon_webapp.settings import Settings
from flask import Flask
from PIL import Image, ImageChops, ImageStat
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).parents[2] / "docs/webapp"
WRITE = os.environ.get("BEACON_WRITE_PICTURES") == "1"
PAGES = {
    "index": "/",
    "gandalf": "/gandalf",
    "colombo": "/colombo",
    "not-found": "/nothing",
    "wrong-method": "/post-only",
    "failure": "/broken",
}
SCHEMES = ("light", "dark")
SIZES = {"": (1280, 900), "-phone": (390, 844)}
# Colombo's hour of each light, as UTC; the pictures of pages are by day
SKIES = {"day": 4, "dawn": 0, "dusk": 12, "night": 16}
# How far apart, of 255 on average, another version of the browser may draw it. Measured: 0.2 from run to run, 1.4 where
# a phone's page lacks one sentence, 160 between light and dark.
TOLERANCE = 0.8
# Whatever else this machine has: the pictures are drawn with these (Debian: fonts-dejavu-core).
FONTS = Path("/usr/share/fonts/truetype/dejavu")


@dataclass
class Site:
    address: str = ""
    sky: str = "day"


def application(hour: int) -> Flask:
    """The application at one moment for ever, with an address for each error."""
    moment = datetime(2026, 11, 23, hour, 12, 34, tzinfo=UTC)
    app = create_app(Settings(commit="abc1234", pod="webapp-0", zone="eu-west-1a"), now=lambda: moment)
    app.add_url_rule("/post-only", view_func=lambda: "", endpoint="post-only", methods=["POST"])
    app.add_url_rule("/broken", view_func=lambda: 1 / 0)  # type: ignore[arg-type] # that is the point
    return app


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # One application each: to one alone, time would seem to go back.
    site, applications = Site(), {sky: application(hour) for sky, hour in SKIES.items()}

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return applications[site.sky](environ, start_response)

    server = make_server("127.0.0.1", 0, serve, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.fail("no chromium or chromedriver on PATH. Debian: apt-get install chromium chromium-driver")
    if not FONTS.is_dir():
        pytest.fail(f"no {FONTS}. Debian: apt-get install fonts-dejavu-core")
    folder = tmp_path_factory.mktemp("chrome")
    (folder / "fonts.conf").write_text(
        f"<fontconfig><dir>{FONTS}</dir><cachedir>{folder}/fonts</cachedir></fontconfig>"
    )
    options = ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in (
        "--headless=new",
        "--no-sandbox",  # it runs as root in containers; the pages are our own
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--force-color-profile=srgb",
        f"--user-data-dir={folder}/profile",
    ):
        options.add_argument(argument)
    chrome = Chrome(options, ChromeService(driver, env={**os.environ, "FONTCONFIG_FILE": f"{folder}/fonts.conf"}))
    chrome.set_page_load_timeout(60)
    yield chrome
    chrome.quit()


type Show = Callable[..., Chrome]


@pytest.fixture
def show(chrome: Chrome, site: Site) -> Iterator[Show]:
    """Open a page as a visitor with this colour scheme and window has it; nothing moves."""

    def tell(command: str, **parameters: object) -> None:
        chrome.execute_cdp_cmd(command, parameters)

    def open_page(path: str, scheme: str = "light", size: str = "", *, script: bool = True) -> Chrome:
        width, height = SIZES[size]
        preferences = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        tell("Emulation.setEmulatedMedia", features=[{"name": n, "value": v} for n, v in preferences.items()])
        tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=bool(size),
        )
        tell("Emulation.setScriptExecutionDisabled", value=not script)
        tell("Network.enable")
        tell("Network.setExtraHTTPHeaders", headers={"X-Request-Id": "a-request"})
        chrome.get_log("browser")  # type: ignore[no-untyped-call] # what another page said
        chrome.get(site.address + path)
        return chrome

    yield open_page
    tell("Emulation.setScriptExecutionDisabled", value=False)
    site.sky = "day"


def picture(chrome: Chrome) -> Image.Image:
    """The whole page, also what is below the window's edge."""
    content = chrome.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": content["width"], "height": content["height"], "scale": 1}
    answer = chrome.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    return Image.open(io.BytesIO(base64.b64decode(answer["data"]))).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart on average, seen from so far away that a letter's edge does not matter."""
    size = (one.width // 8, one.height // 8)
    small = [image.convert("RGB").resize(size, Image.Resampling.BOX) for image in (one, other)]
    return max(ImageStat.Stat(ImageChops.difference(*small)).mean)


def check_picture(chrome: Chrome, name: str) -> None:
    taken, file = picture(chrome), PICTURES / f"{name}.png"
    if WRITE:
        # 256 colours: a third of the bytes, and no eye sees it
        taken.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(file, optimize=True)
    kept = Image.open(file)
    assert abs(kept.height - taken.height) <= 0.03 * kept.height, f"{file}: {kept.size}, now {taken.size}"
    assert kept.width == taken.width
    apart = difference(kept, taken)
    assert apart <= TOLERANCE, f"{file} shows another page ({apart:.2f}). Take it anew: BEACON_WRITE_PICTURES=1"


def complaints(chrome: Chrome) -> list[str]:
    """What the browser's console holds against the page; that an error page is an error is no news."""
    lines: list[dict[str, Any]] = chrome.get_log("browser")  # type: ignore[no-untyped-call]
    return [line["message"] for line in lines if "the server responded with a status of" not in line["message"]]


EACH_LOOK = [
    pytest.param(page, scheme, size, id=f"{page}{size}-{scheme}")
    for page in PAGES
    for scheme in SCHEMES
    for size in SIZES
]


@pytest.mark.parametrize(("page", "scheme", "size"), EACH_LOOK)
def test_page_is_accessible_and_looks_as_committed(show: Show, page: str, scheme: str, size: str) -> None:
    chrome = show(PAGES[page], scheme, size)
    assert complaints(chrome) == []
    assert chrome.execute_script("return performance.getEntriesByType('resource').length") == 0
    wide, window = chrome.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= window, "the page is wider than the window"
    check_picture(chrome, f"{page}{size}-{scheme}")
    axe = Axe(chrome)
    axe.inject()
    found = axe.run()
    assert len(found["passes"]) >= 10, "axe has hardly looked"
    assert [(item["id"], [node["html"] for node in item["nodes"]]) for item in found["violations"]] == []


@pytest.mark.parametrize("sky", ["dawn", "dusk", "night"])
def test_colombo_has_the_sky_of_the_hour(show: Show, site: Site, sky: str) -> None:
    site.sky = sky
    check_picture(show("/colombo"), f"colombo-at-{sky}")


@pytest.mark.parametrize("page", PAGES)
def test_page_is_readable_without_script(show: Show, page: str) -> None:
    chrome = show(PAGES[page], script=False)
    headline = chrome.find_element(By.CSS_SELECTOR, "h1")
    assert headline.is_displayed()
    assert headline.text
    if page == "colombo":
        time.sleep(1.5)
        assert chrome.find_element(By.ID, "digits").text == "09:42:34"


def test_clock_goes_on_by_itself(show: Show) -> None:
    chrome = show("/colombo")
    digits = chrome.find_element(By.ID, "digits")
    end = time.monotonic() + 10
    while digits.text < "09:42:36" and time.monotonic() < end:
        time.sleep(0.1)
    assert "09:42:36" <= digits.text < "09:42:50"
    turned = chrome.find_element(By.ID, "second-hand").get_attribute("transform")
    assert turned != "rotate(204 100 100)"


def test_keyboard_reaches_the_content_first(show: Show) -> None:
    chrome = show("/gandalf")
    chrome.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    focused = chrome.switch_to.active_element
    assert focused.text == "Skip to the content"
    assert focused.rect["x"] >= 0
    focused.send_keys(Keys.ENTER)
    assert chrome.current_url.endswith("#content")


def test_each_committed_picture_is_taken_by_a_test() -> None:
    looks = {f"{page}{size}-{scheme}.png" for page in PAGES for scheme in SCHEMES for size in SIZES}
    skies = {f"colombo-at-{sky}.png" for sky in SKIES if sky != "day"}
    assert {file.name for file in PICTURES.iterdir()} == looks | skies

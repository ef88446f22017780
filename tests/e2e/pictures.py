"""Each dashboard of the running stack, in a real browser, logged in as the viewer: `python -m tests.e2e.pictures`."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from typing import TYPE_CHECKING

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from setup.phases import local_cloud_environment
from tests.e2e.stack import CHECKOUT, Stack, load

if TYPE_CHECKING:
    from pathlib import Path

PICTURES = CHECKOUT / "docs/grafana"
DASHBOARDS = CHECKOUT / "roles/grafana/files/dashboards"
WIDTH, TALLEST, MARGIN = 1600, 2600, 230
DRAWING_SECONDS = 5
PATIENCE_SECONDS = 60


def browser(profile: str) -> Chrome:
    """Return Debian's Chromium. Raises SystemExit where there is none."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        raise SystemExit("no chromium or chromedriver on PATH. Debian: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = program
    # the certificate is the environment's own; whoever runs this as root in a container has no sandbox
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--ignore-certificate-errors"):
        options.add_argument(argument)
    options.add_argument("--disable-background-networking")
    options.add_argument(f"--user-data-dir={profile}")
    options.add_argument(f"--window-size={WIDTH},{TALLEST}")
    return Chrome(options, ChromeService(driver))


def log_in(chrome: Chrome, stack: Stack, address: str) -> None:
    """Log in as a person does."""
    chrome.get(f"{address}/login")
    wait: WebDriverWait[Chrome] = WebDriverWait(chrome, PATIENCE_SECONDS)
    wait.until(lambda page: page.find_elements(By.NAME, "user"))
    chrome.find_element(By.NAME, "user").send_keys("viewer")
    chrome.find_element(By.NAME, "password").send_keys(stack.parameter("grafana_viewer") + "\n")
    wait.until(lambda page: "/login" not in page.current_url)


def take(chrome: Chrome, address: str, uid: str, target: Path) -> None:
    """Take a picture of a dashboard's whole height, with time for its panels to be drawn."""
    chrome.set_window_size(WIDTH, TALLEST)  # panels out of sight are drawn late
    chrome.get(f"{address}/d/{uid}?from=now-30m&to=now")
    wait: WebDriverWait[Chrome] = WebDriverWait(chrome, PATIENCE_SECONDS)
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, "svg, canvas"))
    time.sleep(DRAWING_SECONDS)
    lowest = "return Math.max(...[...document.querySelectorAll('section, canvas, svg')].map(e => e.getBoundingClientRect().bottom))"
    chrome.set_window_size(WIDTH, min(int(chrome.execute_script(lowest)) + MARGIN, TALLEST))
    time.sleep(DRAWING_SECONDS)
    target.write_bytes(chrome.get_screenshot_as_png())


def main() -> None:
    """Write the pictures into docs/grafana: look at them."""
    os.environ.update(local_cloud_environment())
    stack = load()
    address = f"https://{stack.address}:{stack.outputs['grafana_port']}"
    with tempfile.TemporaryDirectory() as profile:
        chrome = browser(profile)
        try:
            log_in(chrome, stack, address)
            for dashboard in sorted(DASHBOARDS.glob("*.json")):
                take(chrome, address, dashboard.stem, PICTURES / f"{dashboard.stem}.png")
        finally:
            chrome.quit()


if __name__ == "__main__":
    main()

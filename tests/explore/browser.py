"""A headless Chromium, driven through its DevTools protocol over pipes."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed.")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]
PIPES = (
    "import os, sys; r, w = map(int, sys.argv[1:3]); os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""The protocol's commands are read from file descriptor 3, and answers are written to 4."""


class BrowserError(Exception):
    """The protocol or the page has reported an error."""


class Browser:
    """One tab of a Chromium with a profile of its own.

    Attributes:
        events: those that the tab has sent, as (method, parameters).
    """

    def __init__(self, profile):
        commands, self.answers, self.number, self.events, self.rest = os.pipe(), os.pipe(), 0, [], b""
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (commands[0], self.answers[1])]
        start = [sys.executable, "-IS", "-c", PIPES, *map(str, ends), CHROMIUM]
        command = [*start, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=ends, stderr=subprocess.DEVNULL)
        for end in (commands[0], self.answers[1], *ends):
            os.close(end)
        self.commands, self.answers = commands[1], self.answers[0]
        self.session = None
        (target,) = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        attach = {"targetId": target["targetId"], "flatten": True}
        self.session = self.call("Target.attachToTarget", **attach)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Sends a command and returns its result; events that come before it are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        message |= {"sessionId": self.session} if self.session else {}
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def read(self):
        """Returns the next message, and keeps it if it is an event."""
        while b"\0" not in self.rest:
            part = os.read(self.answers, 1 << 20)
            if not part:
                raise BrowserError("Chromium has ended.")
            self.rest += part
        message, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(message)
        if "method" in message:
            self.events.append((message["method"], message["params"]))
        return message

    def open(self, address, *, width=1280, height=900, scheme="light", mobile=False):
        """Opens an address, and waits until its models are shown."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=address)
        self.evaluate("document.readyState === 'complete' || new Promise((done) => addEventListener('load', done))")
        self.evaluate("explorer.then(() => true)")

    def evaluate(self, expression):
        """Returns the value of a JavaScript expression, once a promise is fulfilled."""
        done = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            details = done["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return done["result"].get("value")

    def press(self, key, code="", number=0, text=""):
        """Presses and releases a key."""
        options = {"key": key, "code": code or key, "windowsVirtualKeyCode": number}
        options |= {"text": text} if text else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **options)
        self.call("Input.dispatchKeyEvent", type="keyUp", **options)

    def errors(self):
        """Returns exceptions, and messages to the console and the log that are warnings or errors."""
        self.evaluate("1")
        found = []
        for method, event in self.events:
            if method == "Runtime.exceptionThrown":
                found.append(event["exceptionDetails"]["text"])
            if method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
                found.append(str(event["args"]))
            if method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):
                found.append(event["entry"]["text"])
        return found

    def requests(self):
        """Returns the addresses that have been requested since `open`, apart from data and blobs."""
        self.evaluate("1")
        urls = [event["request"]["url"] for method, event in self.events if method == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("data:", "blob:", "about:"))]

    def screenshot(self, file, full=True):
        """Writes a PNG of the page."""
        png = self.call("Page.captureScreenshot", captureBeyondViewport=full)["data"]
        Path(file).write_bytes(base64.b64decode(png))

    def close(self):
        """Ends the browser."""
        for end in (self.commands, self.answers):
            os.close(end)
        self.process.terminate()
        self.process.wait(30)

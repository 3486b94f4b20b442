"""browser.py: a headless Chromium by its DevTools protocol over two pipes: width, colour scheme and print as asked for, and what a
script finds in the page. As a program it takes pictures: browser.py OUT PAGE.html ..."""
import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_S = 900  # ends what hangs, before ctest does; a page may take minutes beside other jobs


class Browser:
    """with Browser() as b: one page at a time."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        read, theirs = os.pipe()
        mine, write = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (mine, theirs)]  # out of the way of 3 and 4
        self.process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--hide-scrollbars",
             "--user-data-dir=" + self.folder, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=lambda: (os.dup2(ends[0], 3), os.dup2(ends[1], 4)))
        for end in ends:
            os.close(end)
        os.close(mine)
        os.close(theirs)
        self.read, self.write, self.number, self.session, self.rest = read, write, 0, None, b""
        signal.signal(signal.SIGALRM, lambda *_: self.process.kill())
        signal.alarm(PATIENCE_S)
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self.call("Page.enable")
        return self

    def __exit__(self, *_):
        signal.alarm(0)
        self.process.kill()
        self.process.wait()
        os.close(self.read)
        os.close(self.write)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _message(self):
        while b"\0" not in self.rest:
            more = os.read(self.read, 1 << 16)
            if not more:
                raise RuntimeError("the browser has ended")
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self.write, text):]
        found = self._message()
        while found.get("id") != self.number:  # events
            found = self._message()
        if "error" in found:
            raise RuntimeError("%s: %s" % (method, found["error"]))
        return found["result"]

    def open(self, path, width=1200, height=900, scheme="light", media=""):
        signal.alarm(PATIENCE_S)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.run("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))")

    def run(self, script):
        """The value of a script, which may be a promise."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", found["exceptionDetails"]).get("description", "a script failed"))
        return found["result"].get("value")

    def picture(self, path, whole=True):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def printed(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]))


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    with Browser() as b:
        for page in sys.argv[2:]:
            name = os.path.join(out, os.path.splitext(os.path.basename(page))[0])
            for width in (1200, 390):
                for scheme in ("light", "dark"):
                    b.open(page, width, 900, scheme)
                    b.picture("%s-%d-%s.png" % (name, width, scheme))
            b.open(page)
            b.printed(name + ".pdf")


if __name__ == "__main__":
    main()

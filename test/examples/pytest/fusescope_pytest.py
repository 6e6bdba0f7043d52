"""A pytest plug-in for tests of FUSE mounts: they wait for the trace instead of sleeping.

    FUSE_TRACE=1 pytest -p fusescope_pytest

With FUSE_TRACE=1 it starts a FuseScope server for the session, or uses that of FUSESCOPE_SERVER; without, the same waits
look at the mount instead. FUSESCOPE_COMMAND is how the command is called (default: fusescope). A test that fails gets a
section with the last operations on the mounts. It needs the command line of FuseScope and nothing else.
"""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import pytest

COMMAND = shlex.split(os.environ.get("FUSESCOPE_COMMAND", "fusescope"))
SHOWN = 20


class WaitTimeout(AssertionError):
    """What was waited for did not happen in time; the message shows the last operations."""


class FuseScope:
    """Waits on FUSE mounts. Paths are absolute, times in seconds."""

    def __init__(self, server):
        self.server = server

    @property
    def traced(self):
        return self.server is not None

    def wait_mount_ready(self, mountpoint, timeout=5):
        self._wait(["mount-ready", mountpoint], timeout)

    def wait_visible(self, path, timeout=5):
        self._wait(["visible", path], timeout)

    def wait_dir(self, path, timeout=5):
        self._wait(["dir", path], timeout)

    def wait_gone(self, path, timeout=5):
        self._wait(["gone", path], timeout)

    def wait_xattr(self, path, name, timeout=5):
        self._wait(["xattr", path, name], timeout)

    def wait_op(self, mountpoint, filter, since=None, timeout=5):
        """since: time.time() from which an operation counts; None: from now on."""
        more = [] if since is None else ["--since", str(int(since * 1e6))]
        self._wait(["op", mountpoint, "--filter", filter, *more], timeout)

    def wait_idle(self, mountpoint, quiet=0.1, timeout=5):
        self._wait(["idle", mountpoint, "--quiet", f"{int(quiet * 1000)}ms"], timeout)

    def operations(self, filter="", since=0.0, limit=SHOWN):
        """The last stored operations, oldest first, as the server's interface gives them."""
        query = {"filter": filter, "from": str(int(since * 1e6)), "limit": str(limit)}
        url = f"{self.server}/api/spans?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["items"][::-1]

    def _wait(self, words, timeout):
        server = ["--server", self.server] if self.server else ["--server", "http://127.0.0.1:1"]
        args = [*COMMAND, "wait", words[0], *server, "--timeout", f"{int(timeout * 1000)}ms", *words[1:]]
        ended = subprocess.run(args, capture_output=True, text=True, cwd="/", check=False)
        if ended.returncode == 124:
            raise WaitTimeout(ended.stderr.strip())
        if ended.returncode != 0:
            raise RuntimeError(ended.stderr.strip())


def _start():
    """A server for this session: its URL, and what ends it."""
    folder = tempfile.mkdtemp(prefix="fusescope-pytest-")
    args = ["serve", "--port", "0", "--db", ":memory:", "--socket", f"{folder}/ingest.sock"]
    server = subprocess.Popen([*COMMAND, *args], stdout=subprocess.PIPE, text=True, cwd="/")

    def stop():
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)

    for line in server.stdout:
        if " is at http" in line:
            return line.split(" is at ")[1].strip().rstrip("/"), stop
    raise RuntimeError(f"no FuseScope server (exit {server.wait()})")


@pytest.fixture(scope="session")
def fusescope(request):
    """Waits on FUSE mounts, with a trace where FUSE_TRACE=1 is set."""
    if os.environ.get("FUSE_TRACE") != "1":
        yield FuseScope(None)
        return
    given = os.environ.get("FUSESCOPE_SERVER")
    server, stop = (given.rstrip("/"), lambda: None) if given else _start()
    request.config.fusescope = FuseScope(server)
    try:
        yield request.config.fusescope
    finally:
        del request.config.fusescope
        stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    item.fusescope_since = time.time()
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    scope = getattr(item.config, "fusescope", None)
    if scope is None or not report.failed:
        return
    rows = [
        f"{span['op']:12} {_took(span):>10} {span['error'] or span['state']:9} "
        f"{span['comm'] or '?'} {span['pid'] or ''} {span['mount']} {span['path'] or ''}"
        for span in scope.operations(since=item.fusescope_since)
    ]
    text = "\n".join(row.encode("unicode_escape").decode("ascii") for row in rows)
    report.sections.append(("FuseScope: last operations", text or "no operation was seen"))


def _took(span):
    return "open" if span["durationNs"] is None else f"{span['durationNs'] / 1e6:.3f} ms"

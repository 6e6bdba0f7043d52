"""Tests of a mount that wait for its trace; FUSE_MOUNT names it."""

import os
import subprocess
import time

import pytest

MOUNT = os.environ.get("FUSE_MOUNT", "")


def sh(script):
    return subprocess.Popen(["sh", "-ec", script], cwd=MOUNT)


def test_a_file_that_another_process_writes_is_waited_for(fusescope):
    fusescope.wait_mount_ready(MOUNT)
    with sh("echo done > answer.py"):
        fusescope.wait_visible(f"{MOUNT}/answer.py", timeout=20)


def test_a_rename_is_seen_as_the_operation_it_is(fusescope):
    if not fusescope.traced:
        pytest.skip("FUSE_TRACE=1 is not set")
    began = time.time()
    with sh("echo 1 > old; mv old new; mkdir sub"):
        fusescope.wait_op(MOUNT, "op:rename path:/old errno:none", since=began, timeout=20)
    fusescope.wait_dir(f"{MOUNT}/sub", timeout=20)
    fusescope.wait_gone(f"{MOUNT}/old", timeout=20)
    fusescope.wait_idle(MOUNT, timeout=20)


@pytest.mark.skipif("EXAMPLE_FAILS" not in os.environ, reason="fails on purpose")
def test_a_failure_explains_itself(fusescope):
    with sh("echo 1 > misspelt"):
        pass
    fusescope.wait_visible(f"{MOUNT}/spelt", timeout=0.3)

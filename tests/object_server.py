"""An object store that speaks S3, in a process of its own: moto's server, in its own environment."""

import os
import re
import secrets
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from storage.files.object_address import ObjectAddress

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / "build/object-server/bin/python"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "teleconnect",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
}


@contextmanager
def object_server() -> Iterator[str]:
    """Its address. Whoever speaks to it needs CREDENTIALS in the environment."""
    subprocess.run([ROOT / "scripts/setup", "--object-server"], check=True)
    process = subprocess.Popen(
        [PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
        text=True,
    )
    assert process.stderr is not None
    said = ""
    try:
        while (found := re.search(r"Running on (http://[\d.:]+)", said)) is None:
            line = process.stderr.readline()
            assert line, said
            said += line
        # a pipe that nobody reads would fill up
        draining = Thread(target=process.stderr.read)
        draining.start()
        yield found[1]
    finally:
        process.kill()
        process.wait()
    draining.join()
    process.stderr.close()


def a_bucket(server: str) -> ObjectAddress:
    """A new bucket there, for somebody whose things begin with a prefix."""
    bucket = f"files-{secrets.token_hex(4)}"
    made = urllib.request.Request(f"{server}/{bucket}", method="PUT")
    urllib.request.urlopen(made).close()
    return ObjectAddress.read(f"s3+{server}/{bucket}/tele/connect")

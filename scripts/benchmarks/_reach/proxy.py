"""Caddy in front of the servers: TLS with a certificate that the phone trusts, and HTTP/2."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scripts.benchmarks._reach.builds import PROGRAMS

NEEDED = ("caddy", "certutil", "openssl")
"Debian: caddy, libnss3-tools, openssl."
PEER_GROUP = "/group/bench/"
PEER_STATUS = '{"name":"bench","displayName":"Bench"}'
HEAD = """
{
    admin off
    auto_https off
    servers {
        protocols h1 h2
    }
}
"""
OURS = """
https://%(host)s {
    tls %(folder)s/server.pem %(folder)s/server.key
    reverse_proxy 127.0.0.1:%(port)s
}
"""
PEER = """
https://%(host)s {
    tls %(folder)s/server.pem %(folder)s/server.key
    encode zstd gzip
    root * %(files)s
    respond %(group)s.status `%(status)s` 200
    rewrite %(group)s /galene.html
    file_server
}
"""

EMPTY = """
https://%(host)s {
    tls %(folder)s/server.pem %(folder)s/server.key
    header Content-Type text/html
    respond `<!doctype html><title>Empty</title><button>Join</button>`
}
"""
"What no page on this line can beat."


def missing() -> list[str]:
    """Programs that are needed and not there."""
    return [name for name in NEEDED if shutil.which(name) is None]


def certify(folder: Path, hosts: Sequence[str]) -> Path:
    """Make a certificate for the hosts; the folder of an NSS database that trusts its issuer."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30")
    _run(
        "openssl", "req", "-x509", *key, "-subj", "/CN=Bench",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
        "-keyout", f"{folder}/issuer.key", "-out", f"{folder}/issuer.pem",
    )  # fmt: skip
    names = ",".join(f"DNS:{host}" for host in hosts)
    _run(
        "openssl", "req", "-x509", *key, "-subj", f"/CN={hosts[0]}",
        "-CA", f"{folder}/issuer.pem", "-CAkey", f"{folder}/issuer.key",
        "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE",
        "-addext", "extendedKeyUsage=serverAuth",
        "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.pem",
    )  # fmt: skip
    trust = folder / "nssdb"
    trust.mkdir()
    _run("certutil", "-d", f"sql:{trust}", "-N", "--empty-password")
    _run(
        "certutil", "-d", f"sql:{trust}", "-A", "-t", "C,,", "-n", "Bench",
        "-i", f"{folder}/issuer.pem",
    )  # fmt: skip
    return trust


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr}")


@contextlib.contextmanager
def proxying(
    folder: Path,
    ports: Mapping[str, int],
    peer: tuple[str, Path] | None,
    empty: str,
    prefix: Sequence[str],
) -> Iterator[None]:
    """Caddy for servers by their host, and for a peer's static files and an empty page at hosts of
    their own.

    `folder` has the certificate.
    """
    sites = [OURS % {"host": host, "folder": folder, "port": port} for host, port in ports.items()]
    sites.append(EMPTY % {"host": empty, "folder": folder})
    if peer is not None:
        host, files = peer
        group = {"group": PEER_GROUP, "status": PEER_STATUS}
        sites.append(PEER % {"host": host, "folder": folder, "files": files.absolute(), **group})
    configuration = folder / "Caddyfile"
    configuration.write_text(HEAD + "".join(sites))
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [*prefix, "caddy", "run", "--config", str(configuration), "--adapter", "caddyfile"],
            env={**PROGRAMS, "HOME": str(folder)},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_it_listens(folder, process, prefix)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_listens(
    folder: Path, process: subprocess.Popen[bytes], prefix: Sequence[str]
) -> None:
    knock = "import socket; socket.create_connection(('127.0.0.1', 443), 1).close()"
    end = time.monotonic() + 15
    while subprocess.run([*prefix, "python3", "-c", knock], capture_output=True).returncode:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"Caddy did not start: {(folder / 'caddy.log').read_text()[-800:]}")
        time.sleep(0.1)

"""Postfix in a folder of its own: smtpd takes letters, and they are discarded behind the queue."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.send.real.certificate import write
from tests.send.real.servers import Missing, Running, program

__all__ = ["Postfix"]

_MAIN = """
compatibility_level = 3.6
command_directory = /usr/sbin
daemon_directory = {daemons}
queue_directory = {folder}/spool
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/data/mail.log
maillog_file_prefixes = {folder}
enable_long_queue_ids = yes
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example.com
mydestination =
mynetworks = 127.0.0.0/8
local_transport = discard:
default_transport = discard:
alias_maps =
smtputf8_enable = yes
message_size_limit = {size_limit}
mailbox_size_limit = 0
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_hard_error_limit = 100000
smtpd_error_sleep_time = 0
smtpd_relay_restrictions = {relay}
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{refused@example.org = 550 5.1.1 No such user}}, {{later@example.org = 451 4.7.1 Greylisted}} }}, permit
smtpd_reject_unlisted_recipient = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_session_cache_database =
smtpd_sasl_auth_enable = {logs_in}
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
smtpd_sasl_security_options = noanonymous
smtpd_discard_ehlo_keywords = {without}
"""  # noqa: E501 - a setting is one line
_MASTER = """
127.0.0.1:{port} inet n - n - 60 smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_MESSAGE_ID = re.compile(r"cleanup\[\d+\]: (\w+): message-id=<?([^>]*)>?$", re.MULTILINE)
_SENT = re.compile(r"discard\[\d+\]: (\w+): to=<([^>]*)>.* status=sent ", re.MULTILINE)


class Postfix(Running):
    """Postfix's smtpd, cleanup and queue manager; only a root can start it.

    It refuses refused@example.org and puts off later@example.org.

    Args:
        login: The name and password that it knows; it takes letters without, too.
        without: Extensions that it does not offer, such as "CHUNKING".
        size_limit: The most bytes that it takes.
    """

    def __init__(
        self,
        *,
        login: tuple[str, str] | None = None,
        without: tuple[str, ...] = (),
        size_limit: int = 60_000_000,
    ) -> None:
        super().__init__()
        self._auth = _AuthServer(login) if login else None
        self._without, self._size_limit = without, size_limit
        self._last_log = ""
        self._postfix = program("postfix", package="postfix")
        if os.geteuid() != 0:
            raise Missing("only a root can start Postfix")

    def command(self) -> list[str]:
        """What starts its master, which starts the others."""
        return [self._postfix, "-c", str(self._folder / "etc"), "start-fg"]

    def prepare(self) -> None:
        """Write its settings and make its folders."""
        folder = self._folder
        for name in ("etc", "spool", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        certificate, key = write(folder / "etc")
        if self._auth is not None:
            self._auth.start()
        settings = {
            "folder": folder,
            "daemons": _setting(self._postfix, "daemon_directory"),
            "certificate": certificate,
            "key": key,
            "relay": "permit_sasl_authenticated, permit_mynetworks, reject",
            "logs_in": "yes" if self._auth else "no",
            "auth_port": self._auth.port if self._auth else 1,
            "without": ", ".join(self._without),
            "size_limit": self._size_limit,
        }
        (folder / "etc" / "main.cf").write_text(_MAIN.format(**settings).lstrip())
        (folder / "etc" / "master.cf").write_text(_MASTER.format(port=self.port).lstrip())

    def stop(self) -> None:
        """Let its master end all others, and make sure."""
        if (self._folder / "spool" / "pid" / "master.pid").exists():
            stopping = [self._postfix, "-c", str(self._folder / "etc"), "stop"]
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(stopping, capture_output=True, timeout=15, check=False)
        self._last_log = self._log()
        super().stop()
        if self._auth is not None:
            self._auth.stop()

    def said(self) -> str:
        """The end of its log."""
        return "\n".join(self._log().splitlines()[-20:])

    def _log(self) -> str:
        path = self._folder / "data" / "mail.log"
        return path.read_text("utf-8", "replace") if path.exists() else self._last_log

    def accepted(self) -> list[tuple[str, str]]:
        """The recipient and Message-ID of each letter it took and passed on."""
        log = self._log()
        ids = dict(_MESSAGE_ID.findall(log))
        return [(recipient, ids[queue_id]) for queue_id, recipient in _SENT.findall(log)]


def _setting(postfix: str, name: str) -> str:
    postconf = str(Path(postfix).with_name("postconf"))
    return subprocess.run([postconf, "-d", "-h", name], capture_output=True, text=True, check=True).stdout.strip()


class _AuthServer:
    """What Postfix asks about logins: Dovecot's protocol for it, as much as PLAIN and LOGIN need."""

    def __init__(self, login: tuple[str, str]) -> None:
        self._name, self._password = login
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def start(self) -> None:
        """Answer in threads of their own."""
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line, line.makefile("rwb") as file, suppress(OSError):
            file.write(b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n")
            file.flush()
            for request in file:
                word, number, *rest = [*request.decode().rstrip("\n").split("\t"), ""]
                if word == "AUTH":
                    file.write(f"{self._verdict(rest)}\n".replace("ID", number).encode())
                    file.flush()

    def _verdict(self, fields: list[Any]) -> str:
        given = next((field[5:] for field in fields if field.startswith("resp=")), "")
        right = base64.b64encode(f"\0{self._name}\0{self._password}".encode()).decode()
        return f"OK\tID\tuser={self._name}" if given == right else f"FAIL\tID\tuser={self._name}"

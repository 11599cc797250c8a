"""Exim in a folder of its own. Its package and Postfix's exclude each other, so it is unpacked and not installed.

`.ci/run` unpacks it into `.run/exim`; by hand:

    mkdir -p .run/exim && cd .run/exim && apt-get download exim4-daemon-light
    dpkg -x exim4-daemon-light_*.deb . && chmod u-s usr/sbin/exim4
    apt-get install libidn12 libgnutls-dane0 libnsl2 libdb5.3 libpcre2-8-0 libnss-wrapper
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.send.real.certificate import write
from tests.send.real.servers import Missing, Running

__all__ = ["Exim"]

_UNPACKED = Path(__file__).parents[3] / ".run" / "exim" / "usr" / "sbin" / "exim4"
_WRAPPER = "libnss_wrapper.so"
_SETTINGS = """
primary_hostname = exim.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
keep_environment =
never_users =
queue_only
split_spool_directory
check_spool_space = 0
log_selector = +received_recipients +smtp_protocol_error
smtp_accept_max = 100
smtp_accept_max_per_connection = 0
smtp_accept_queue_per_connection = 0
rfc1413_query_timeout = 0s
host_lookup =
message_size_limit = {size_limit}
chunking_advertise_hosts = {chunking}
pipelining_advertise_hosts = *
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
acl_smtp_rcpt = rcpt
acl_smtp_data = data
auth_advertise_hosts = {logs_in}

begin acl
rcpt:
  deny local_parts = refused
       message = No such user
  defer local_parts = later
       message = Greylisted
  accept
data:
  accept

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{name}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{name}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = {password}
  server_set_id = $auth1
"""
_TAKEN = re.compile(r"^\S+ \S+ (\S+) <= .* id=(\S+) for (.+)$", re.MULTILINE)


class Exim(Running):
    """Exim's daemon, which takes letters and leaves them in its queue.

    It refuses refused@ and puts off later@ any domain.

    Args:
        login: The name and password that it knows; it takes letters without, too.
        chunking: Whether it offers CHUNKING.
        size_limit: The most bytes that it takes.
    """

    def __init__(
        self, *, login: tuple[str, str] | None = None, chunking: bool = True, size_limit: int = 60_000_000
    ) -> None:
        super().__init__()
        self._login, self._chunking, self._size_limit = login, chunking, size_limit
        self._last_log = ""
        self._exim = str(_UNPACKED) if _UNPACKED.exists() else shutil.which("exim4", path="/usr/sbin")
        if self._exim is None:
            raise Missing("Exim is neither unpacked nor installed; tests/send/real/exim.py says how")

    def command(self) -> list[str]:
        """What starts its daemon in the foreground."""
        assert self._exim is not None
        return [self._exim, "-C", str(self._folder / "exim.conf"), "-bdf"]

    def environment(self) -> dict[str, str]:
        """With a user of Exim's, whom its package makes when it is installed: here that is nobody, or ourselves."""
        ids = (65533, 65533) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        names = {"passwd": f"Debian-exim:x:{ids[0]}:{ids[1]}::/nonexistent:/usr/sbin/nologin"}
        names["group"] = f"Debian-exim:x:{ids[1]}:"
        for name, line in names.items():
            known = Path("/etc", name).read_text("utf-8")
            (self._folder / name).write_text(f"{line}\n{known}", "utf-8")
        return {
            **os.environ,
            "LD_PRELOAD": _WRAPPER,
            "NSS_WRAPPER_PASSWD": str(self._folder / "passwd"),
            "NSS_WRAPPER_GROUP": str(self._folder / "group"),
        }

    def prepare(self) -> None:
        """Write its settings, and see that it runs at all."""
        certificate, key = write(self._folder)
        (self._folder / "spool").mkdir()
        if os.geteuid() == 0:
            os.chown(self._folder, 65533, 65533)
            os.chown(self._folder / "spool", 65533, 65533)
            os.chown(key, 65533, 65533)
        name, password = self._login or ("", "")
        settings = _SETTINGS.format(
            folder=self._folder,
            port=self.port,
            size_limit=self._size_limit,
            certificate=certificate,
            key=key,
            chunking="*" if self._chunking else "",
            logs_in="*" if self._login else "",
            name=name,
            password=password,
        )
        (self._folder / "exim.conf").write_text(settings)
        ask = [*self.command()[:3], "-bV"]
        tried = subprocess.run(ask, capture_output=True, text=True, env=self.environment(), check=False)
        if "shared" in tried.stderr or "preload" in tried.stderr:
            raise Missing(
                f"Exim lacks libraries; tests/send/real/exim.py says which packages have them: {tried.stderr}"
            )
        if tried.returncode != 0:
            raise RuntimeError(f"Exim does not like its settings: {tried.stdout[-300:]}{tried.stderr[-300:]}")

    def stop(self) -> None:
        """End it, and keep its log."""
        self._last_log = self._log("main")
        super().stop()

    def said(self) -> str:
        """The end of its logs."""
        return "\n".join((self._log("panic") + self._log("main")).splitlines()[-20:])

    def accepted(self) -> list[tuple[str, str]]:
        """The recipient and Message-ID of each letter it took."""
        found = _TAKEN.findall(self._log("main"))
        return [(recipient, message_id) for _, message_id, recipient in found]

    def _log(self, name: str) -> str:
        path = self._folder / f"{name}log"
        return path.read_text("utf-8", "replace") if path.exists() else self._last_log if name == "main" else ""

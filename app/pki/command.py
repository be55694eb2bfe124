"""Any CA that a command of the operator's reaches: the request on its stdin, the chain on its stdout."""

import shlex
import subprocess
from pathlib import Path

from app.domain.context import ChargePointRef
from app.services.signing import AuthorityFailed

TIMEOUT_S = 30.0
_MAX_SAID = 200


class CommandAuthority:
    """Port `CertificateAuthority`. The command runs without a shell, once for each request.

    In its words `{days}`, `{tenant_id}` and `{charge_point_id}` are filled in. What it says on stderr is told
    to the operator when it fails.
    """

    def __init__(self, command: str, root_file: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._command = command
        self._root_file = root_file
        self._timeout_s = timeout_s

    def sign(self, csr: str, days: int, ref: ChargePointRef) -> str:
        """Raises AuthorityFailed when the command cannot be run, fails or takes too long."""
        try:
            ran = subprocess.run(
                self._words(days, ref),
                input=csr,
                capture_output=True,
                text=True,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as slow:
            raise AuthorityFailed(f"The CA's command took more than {self._timeout_s:g} s.") from slow
        except (OSError, ValueError) as wrong:
            raise AuthorityFailed(f"The CA's command cannot be run: {wrong}.") from wrong
        if ran.returncode != 0:
            said = ran.stderr.strip()[-_MAX_SAID:]
            raise AuthorityFailed(f"The CA's command ended with {ran.returncode}: {said or 'no word'}")
        return ran.stdout

    def _words(self, days: int, ref: ChargePointRef) -> list[str]:
        """Raises ValueError if the quotes do not match."""
        filled = {
            "{days}": str(days),
            "{tenant_id}": ref.tenant_id,
            "{charge_point_id}": ref.charge_point_id,
        }
        words = shlex.split(self._command)
        for place, value in filled.items():
            words = [word.replace(place, value) for word in words]
        return words

    def root(self) -> str | None:
        """The file that the setting names, if it is there."""
        if not self._root_file.is_file():
            return None
        return self._root_file.read_text(encoding="ascii", errors="replace")

"""Known vulnerabilities of every pinned package, as pip-audit knows them; says so where nobody can be asked.

Ends with 1 if a package has one. A registry that serves packages but no advisories is no failure of ours:
then the number of packages that were really looked at is 0, in plain sight.
"""

import json
import subprocess
import sys
from pathlib import Path

PINNED = Path(__file__).parents[1] / "requirements" / "dev.txt"
TIMEOUT_S = 300


def main() -> int:
    """Audit, print what was found, return the exit code."""
    audit = [sys.executable, "-m", "pip_audit", "--requirement", str(PINNED), "--no-deps", "--disable-pip"]
    run = subprocess.run(
        [*audit, "--format", "json", "--progress-spinner", "off", "--timeout", "10"],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    if not run.stdout.strip():
        print(f"No advisories could be asked for: {run.stderr.strip().splitlines()[-1:]}")
        return 0
    packages = json.loads(run.stdout)["dependencies"]
    audited = [package for package in packages if "skip_reason" not in package]
    vulnerable = [package for package in audited if package["vulns"]]
    for package in vulnerable:
        names = ", ".join(vulnerability["id"] for vulnerability in package["vulns"])
        print(f"{package['name']} {package['version']}: {names}")
    print(f"{len(audited)} of {len(packages)} packages audited, {len(vulnerable)} with known vulnerabilities")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())

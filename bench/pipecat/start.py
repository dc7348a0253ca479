#!/usr/bin/env python3
"""Starts peer.py in a Python of its own, which it installs the first time: `start.py`, or `start.py --install` for that alone."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")).absolute()
HOME = TARGET / "peers" / "pipecat"
PYTHON = HOME / "bin" / "python"
REQUIREMENTS = HERE / "requirements.txt"


def install() -> None:
    """Makes the Python again when other packages are wanted than it has."""
    wanted, has = REQUIREMENTS.read_text(), HOME / "installed.txt"
    if has.is_file() and has.read_text() == wanted:
        return
    print(f"installing pipecat in {HOME}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", HOME], check=True)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if subprocess.run([*pip, "-r", REQUIREMENTS], check=False, stdout=sys.stderr).returncode != 0:
        sys.exit("pip did not manage it. On Debian it needs: apt-get install portaudio19-dev python3-dev gcc")
    has.write_text(wanted)


if __name__ == "__main__":
    install()
    if "--install" not in sys.argv:
        os.environ.setdefault("HARK_PEERS", str(TARGET / "peers" / "bin"))
        # In this very process: whoever started it ends it.
        os.execv(PYTHON, [PYTHON, HERE / "peer.py"])

"""What prints a token of `aws eks get-token`, asked again only when the one before ends within a minute.

kept_token.py FILE COMMAND... Each client of the API asks for a token when it starts, which is most of its time; a token is
valid for 14 minutes. FILE is readable by its owner only. Another command, or other credentials, have another token.
The answer is an ExecCredential: https://kubernetes.io/docs/reference/config-api/client-authentication.v1beta1/
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

MARGIN = timedelta(minutes=1)
SECRET = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")  # the key's id tells them apart
FILES = {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "~/.aws/config"}


def asker(command: list[str]) -> str:
    """Return what tells one who asks from another: the command, what AWS's variables say, and what its files hold."""
    told = sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_") and name not in SECRET)
    files = [Path(os.environ.get(name, default)).expanduser() for name, default in FILES.items()]
    held = [hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "" for file in files]
    return hashlib.sha256(json.dumps([command, told, held]).encode()).hexdigest()


def kept(file: Path, who: str) -> str | None:
    """Return the credential that is kept; None where there is none, or another's, or one that ends soon."""
    try:
        stored = json.loads(file.read_text())
        ends = datetime.fromisoformat(json.loads(stored["credential"])["status"]["expirationTimestamp"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # none, or written by another version
        return None
    fits = stored["asker"] == who and ends - MARGIN > datetime.now(UTC)
    return str(stored["credential"]) if fits else None


def keep(file: Path, who: str, credential: str) -> None:
    """Write the credential in one go."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # with mode 0600
    with os.fdopen(handle, "w") as stream:
        json.dump({"asker": who, "credential": credential}, stream)
    Path(name).replace(file)


def main() -> int:
    """Print a credential; what the command says of a failure, and its exit code, are passed on."""
    file, command = Path(sys.argv[1]), sys.argv[2:]
    who = asker(command)
    credential = kept(file, who)
    if credential is None:
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if answer.returncode:
            return answer.returncode
        credential = answer.stdout
        keep(file, who, credential)
    sys.stdout.write(credential)
    return 0


if __name__ == "__main__":
    sys.exit(main())

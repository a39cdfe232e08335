"""Builds pieces of the editor's TypeScript for tests and runs them under Node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

EDITOR = Path(__file__).parents[2] / "annotator" / "editor"


def require_node() -> str:
    """Node's path; skips the test where Node or the editor's build tools are not installed."""
    node = shutil.which("node")
    if node is None or not (EDITOR / "node_modules" / "esbuild").exists():
        pytest.skip("the editor's build tools are not installed: run `npm ci` in annotator/editor")
    return node


def bundle(source: str, out: Path) -> Path:
    """Bundles one source file of the editor into an ES module at `out`."""
    command = [require_node(), "build.mjs", f"src/{source}", str(out)]
    subprocess.run(command, cwd=EDITOR, check=True, capture_output=True, text=True, timeout=240)
    return out


def run_node(script: str, argument: Any, timeout: float = 240) -> Any:
    """Runs a module script that reads JSON from standard input as `input` and answers JSON with `answer(…)`."""
    prelude = (
        'import { readFileSync } from "node:fs";\n'
        'const input = JSON.parse(readFileSync(0, "utf8"));\n'
        "const answer = (value) => console.log(JSON.stringify(value));\n"
    )
    done = subprocess.run(
        [require_node(), "--input-type=module", "-e", prelude + script],
        input=json.dumps(argument),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

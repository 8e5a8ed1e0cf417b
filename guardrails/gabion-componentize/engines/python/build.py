"""Makes a guardrail component of a pack in Python.

    python build.py --pack DIR --sdk DIR --wit DIR --out FILE

Runs with a Python of 3.11 or newer whose environment holds the componentize-py of the requirements.txt beside this
file. `--pack` is the author's folder with its pyproject.toml, whose `[tool.gabion] pack` names the object, as
`rules:pack` does; `--sdk` the folder that holds the package `gabion_guardrail`, unless `[tool.gabion] sdk` names one
below the pack. Whatever is wrong goes to stderr as one message, with exit code 1.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

APP = "gabion_app"
# What lies in a pack's folder and is no source of its rules.
IGNORED = {"cases", "fixtures", "dist", "vendor", "tests", "node_modules", "__pycache__", "build"}


class Fault(Exception):
    """A fault of the pack, told to its author as it is."""


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ["pack", "wit", "out"]:
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--sdk", type=Path)
    given = parser.parse_args()
    try:
        build(given.pack.resolve(), given.sdk, given.wit.resolve(), given.out.resolve())
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def build(pack: Path, sdk: Path | None, wit: Path, out: Path) -> None:
    name, version, module, attribute, own_sdk = manifest(pack)
    sdk = (pack / own_sdk if own_sdk else sdk or pack / "vendor" / "gabion-guardrail-py").resolve()
    if not (sdk / "gabion_guardrail" / "__init__.py").is_file():
        raise Fault(f"there is no package `gabion_guardrail` in `{sdk}`")
    with tempfile.TemporaryDirectory(prefix="gabion-build-") as work:
        stage = Path(work) / "stage"
        source = pack / "src" if (pack / "src").is_dir() else pack
        copy(source, stage)
        copy(sdk / "gabion_guardrail", stage / "gabion_guardrail")
        (stage / f"{APP}.py").write_text(
            f"import {module}\n"
            "from gabion_guardrail.component import component\n"
            f"Rules = component({module}.{attribute}, {name!r}, {version!r})\n",
            encoding="utf-8",
        )
        try_out(stage, module, attribute)
        component = Path(work) / "pack.wasm"
        componentize(stage, wit, component)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(component, out)


def manifest(pack: Path) -> tuple[str, str, str, str, str | None]:
    """Name, version, module and object of the pack, and where the SDK lies if it says so."""
    try:
        import tomllib
    except ImportError:
        raise Fault("Python 3.11 or newer is needed to build a pack in Python") from None
    try:
        with open(pack / "pyproject.toml", "rb") as file:
            text = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise Fault(f"pyproject.toml of the pack cannot be read: {error}") from None
    project = text.get("project", {})
    tool = text.get("tool", {}).get("gabion", {})
    for field in ["name", "version"]:
        if not isinstance(project.get(field), str) or not project[field]:
            raise Fault(f"`[project]` in pyproject.toml of the pack has no `{field}`")
    named = re.fullmatch(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)", str(tool.get("pack", "")))
    if not named:
        raise Fault("`[tool.gabion]` in pyproject.toml of the pack has no `pack`, as `pack = \"rules:pack\"` is one")
    return project["name"], project["version"], named[1], named[2], tool.get("sdk")


def copy(source: Path, target: Path) -> None:
    """Copies the sources alone: everything in the folder would become part of the component."""
    found = False
    for folder, names, files in os.walk(source):
        names[:] = sorted(n for n in names if not n.startswith(".") and not (Path(folder) == source and n in IGNORED))
        names[:] = [n for n in names if n != "__pycache__"]
        for file in sorted(files):
            if file.endswith(".py"):
                found = True
                place = target / Path(folder).relative_to(source) / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(folder) / file, place)
    if not found:
        raise Fault(f"there is no Python source in `{source}`")


TRY = """
import sys, traceback
sys.path.insert(0, sys.argv[1])
try:
    import importlib
    from gabion_guardrail.packs import Pack
    pack = getattr(importlib.import_module(sys.argv[2]), sys.argv[3], None)
    if not isinstance(pack, Pack):
        sys.exit(f"`{sys.argv[2]}:{sys.argv[3]}` in pyproject.toml of the pack names no Pack")
    pack.settings_schema
except Exception as error:
    last = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(sys.argv[1])]
    where = f" ({last[-1].filename[len(sys.argv[1]) + 1:]}, line {last[-1].lineno})" if last else ""
    sys.exit(f"the pack cannot be loaded: {type(error).__name__}: {error}{where}")
"""


def try_out(stage: Path, module: str, attribute: str) -> None:
    """Loads the pack here first: what the engine says of an exception at load is hard to read."""
    tried = subprocess.run(
        [sys.executable, "-I", "-B", "-c", TRY, str(stage), module, attribute],
        capture_output=True,
        text=True,
    )
    if tried.returncode != 0:
        raise Fault(tried.stderr.strip() or "the pack cannot be loaded")


def componentize(stage: Path, wit: Path, out: Path) -> None:
    tool = Path(sysconfig.get_path("scripts")) / ("componentize-py.exe" if os.name == "nt" else "componentize-py")
    if not tool.is_file():
        raise Fault("the Python engine is not whole, install it again: componentize-py is missing")
    command = [str(tool), "-q", "-d", str(wit), "-w", "guardrail", "componentize", "--stub-wasi"]
    # Left alone it would take along every package of the Python that it finds: an empty environment has none.
    empty = stage.parent / "venv"
    (empty / "lib" / "python3" / "site-packages").mkdir(parents=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    environment["VIRTUAL_ENV"] = str(empty)
    made = subprocess.run(
        [*command, "-p", str(stage), APP, "-o", str(out)], capture_output=True, text=True, env=environment, cwd=stage
    )
    if made.returncode != 0 or not out.is_file():
        said = (made.stderr + made.stdout).strip().replace(f"{stage}{os.sep}", "")
        raise Fault(f"the engine does not take the pack:\n{said}")


if __name__ == "__main__":
    sys.exit(main())

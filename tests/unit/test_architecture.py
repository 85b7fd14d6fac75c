"""The laws of the house that a machine can check: who may import what, and the exact public names."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import clipvad

ROOT = Path(clipvad.__file__).resolve().parents[1]
HEAVY = {"torch", "open_clip", "ultralytics", "timm", "gradio", "torchvision"}


def imported(path: Path, *, top_level_only: bool) -> set[str]:
    """Modules that a file imports; at top level only those that importing it pulls in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def files(*parts: str) -> list[Path]:
    found = [path for part in parts for path in sorted((ROOT / "clipvad").glob(part))]
    assert found, f"no file matches {parts}"
    return found


def test_only_the_page_imports_gradio() -> None:
    for path in files("**/*.py"):
        if "ui" not in path.relative_to(ROOT / "clipvad").parts:
            assert "gradio" not in {name.split(".")[0] for name in imported(path, top_level_only=False)}, path


def test_the_light_modules_import_no_model_library() -> None:
    for path in files(
        "core.py",
        "ruleset.py",
        "events.py",
        "cache.py",
        "settings.py",
        "figures.py",
        "rules/*.py",
        "scoring/*.py",
        "features/*.py",
    ):
        assert not {name.split(".")[0] for name in imported(path, top_level_only=False)} & HEAVY, path


def test_dependencies_point_one_way() -> None:
    below = {
        "errors.py": set(),
        "ruleset.py": {"clipvad.errors"},
        "core.py": {"clipvad.errors", "clipvad.ruleset"},
        "events.py": {"clipvad.core"},
    }
    for name, allowed in below.items():
        ours = {m for m in imported(ROOT / "clipvad" / name, top_level_only=False) if m.startswith("clipvad")}
        assert ours <= allowed, name
    above = {  # what a part may not import, not even inside a function
        "video encoders detectors rules scoring crops.py": "extraction nn scorers training pipeline ui cli",
        "nn": "extraction scorers training pipeline ui cli",
        "scorers.py": "extraction training pipeline ui cli",
        "extraction.py growing.py explain.py": "scorers training pipeline ui cli",
        "pipeline.py": "training lab ui cli",
    }
    for parts, forbidden in above.items():
        for path in files(*(part if part.endswith(".py") else f"{part}/**/*.py" for part in parts.split())):
            for module in imported(path, top_level_only=False):
                assert not re.match(rf"clipvad\.({'|'.join(forbidden.split())})\b", module), (path, module)


def test_importing_the_package_and_its_help_loads_nothing_heavy() -> None:
    code = (
        f"import sys, clipvad, clipvad.cli; print(sorted({HEAVY!r} & {{name.split('.')[0] for name in sys.modules}}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "[]"


def test_all_names_exactly_what_is_public() -> None:
    assert sorted(clipvad.__all__) == sorted(set(clipvad.__all__))
    assert dir(clipvad) == sorted(clipvad.__all__)
    for name in clipvad.__all__:
        assert getattr(clipvad, name) is not None
    with pytest.raises(AttributeError, match="Analyser"):
        _ = clipvad.Analyser  # type: ignore[attr-defined]


def test_requirements_and_the_project_file_ask_for_the_same_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    assert sorted(wanted) == sorted(project["dependencies"])


@pytest.mark.parametrize("name", ["app.py"])
def test_the_entry_point_stays_small(name: str) -> None:
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) < 60

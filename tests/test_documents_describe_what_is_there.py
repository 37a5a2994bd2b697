"""README, workflows and the like say what the repository holds, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bookbuild import environments
from bookbuild.config import load_book

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "TRANSLATING.md",
    "CODE_OF_CONDUCT.md",
    "SECURITY.md",
    "CHANGELOG.md",
]
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def words(pattern: str, text: str) -> set[str]:
    found = re.search(pattern, text, re.MULTILINE)
    assert found, pattern
    return set(found.group(1).split())


def targets() -> set[str]:
    return words(r"^COMMANDS := (.*)$", MAKEFILE) | {"lock", "clean", "distclean"}


def test_the_readme_lists_every_target_and_no_other() -> None:
    assert set(re.findall(r"`make ([a-z-]+)", README)) == targets()


def test_make_help_lists_every_target() -> None:
    lines = re.findall(r"@echo 'make ([a-z|-]+)( \| [a-z]+)?", MAKEFILE)
    assert {name for first, second in lines for name in re.findall(r"[a-z-]+", first + second)} == targets()


def test_the_readme_lists_every_variable_and_no_other() -> None:
    known = words(r"^VARIABLES := (.*)$", MAKEFILE)
    assert set(re.findall(r"`([A-Z]{4,})=", README)) == known


def test_the_targets_are_the_commands_of_the_program() -> None:
    from bookbuild.cli import main

    with_arguments = {name for name, c in main.commands.items() if c.params or hasattr(c, "commands")}
    assert words(r"^COMMANDS := (.*)$", MAKEFILE) | {"build", "clean"} == set(main.commands) - with_arguments


def test_the_readme_names_every_command_that_takes_arguments() -> None:
    from bookbuild.cli import main

    for name in (name for name, c in main.commands.items() if c.params or hasattr(c, "commands")):
        assert f"python -m bookbuild {name} " in README


def test_the_readme_gives_a_reason_for_every_direct_dependency() -> None:
    rows = [row.split("|") for row in README.splitlines() if row.startswith("| ")]
    explained = {name.strip() for row in rows if row[2].strip() for name in row[1].split(",")}
    for name in environments.names(ROOT):
        for line in (ROOT / "environments" / f"{name}.in").read_text("utf-8").splitlines():
            if line and not line.startswith(("#", "-")):
                assert re.split(r"[\[=<>; ]", line)[0] in explained, line


def test_the_readme_names_every_language_and_framework() -> None:
    book = load_book(ROOT)
    for fact in (*book.languages, *book.frameworks):
        assert fact.title.partition(" (")[0] in README


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)\)", text)
    paths = re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w.-]+\.(?:yml|toml|txt|md))`", text)
    later = {"_build/", "_build/html/index.html", "_build/manifest.json", ".venv/"}
    for path in {*links, *paths} - later:
        if not re.search(r"glossary\.md", path):
            assert (ROOT / path).exists(), path


def test_the_version_is_the_same_everywhere() -> None:
    version = load_book(ROOT).version
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"] == version
    assert f"`d2l` {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_puts_no_value_of_a_stranger_into_a_shell_line(path: Path) -> None:
    for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step
            assert "uses" not in step or re.search(r"@v\d+$", step["uses"]), step


def test_pull_requests_have_no_rights_and_no_runner_of_ours() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pull-request.yml").read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert all("self-hosted" not in str(job["runs-on"]) for job in workflow["jobs"].values())


def test_continuous_integration_calls_make_test() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")

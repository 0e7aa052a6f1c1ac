"""Has Checkov judge all that the program renders, and holds what it finds against the exceptions that are documented.

Usage: scan.py PROGRAM, with the Python that has Checkov, in the root of the repository.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import yaml

EXCEPTIONS = Path("docs/exceptions.md")
VERSION = "hardened.dev/v1alpha1"


def main(program: str) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scanned = folder / "scanned"
        scanned.mkdir()
        for file, text in {**samples(program), **cases(program, folder), **operator()}.items():
            (scanned / file).write_text(text)
        documents = [document for file in scanned.iterdir() for document in yaml.safe_load_all(file.read_text()) if document]
        report = checkov(scanned, folder)

    summary, results = report["summary"], report["results"]
    # Checkov judges an object and its pod template apart.
    objects = len(documents) + sum(document["kind"] in ("Deployment", "Job", "StatefulSet") for document in documents)
    if summary["parsing_errors"] or summary["skipped"] or summary["resource_count"] != objects:
        return failed(f"Checkov has not judged everything: {summary}, expected {objects} objects")

    excepted = set(re.findall(r"CKV2?_K8S_\d+", "\n".join(rows())))
    found = Counter(check["check_id"] for check in results["failed_checks"])
    passed = {check["check_id"] for check in results["passed_checks"]}
    print(
        f"Checkov {summary['checkov_version']}: {objects} objects, {summary['passed']} checks passed, {summary['failed']} failed: "
        + (", ".join(f"{check} {count}" for check, count in sorted(found.items())) or "none")
    )
    problems = [
        f"{check['resource']} in {Path(check['file_path']).name}: {check['check_id']} {check['check_name']}"
        for check in results["failed_checks"]
        if check["check_id"] not in excepted
    ]
    problems += [f"{check} is an exception that is needed no more: delete it from {EXCEPTIONS}" for check in excepted - set(found)]
    # An exception is for what an app or a platform asks for. What no object passes is a fault of ours.
    problems += [f"{check} is passed by no object" for check in (excepted & set(found)) - passed]
    return failed("\n".join(sorted(problems))) if problems else 0


def rows() -> list[str]:
    return [line for line in EXCEPTIONS.read_text().splitlines() if line.startswith("|")]


def samples(program: str) -> dict[str, str]:
    """A file with a HardeningPolicy is held to it."""
    rendered = {}
    for file in sorted(Path("deploy/samples").glob("*.yaml")):
        policy = any(document["kind"] == "HardeningPolicy" for document in yaml.safe_load_all(file.read_text()))
        rendered[file.name] = render(program, file, file if policy else None)
    return rendered


def cases(program: str, folder: Path) -> dict[str, str]:
    """The golden cases that aren't about a refusal: between them they use every field."""
    rendered = {}
    for file in sorted(Path("src/desired/golden").rglob("*.yaml")):
        case = yaml.safe_load(file.read_text())
        if "rejected" not in case:
            objects = {"HardenedApp": case["app"], "HardeningPolicy": case.get("policy")}
            given = folder / "case.yaml"
            given.write_text(yaml.safe_dump_all([{"apiVersion": VERSION, "kind": kind, **it} for kind, it in objects.items() if it]))
            rendered[f"golden-{file.name}"] = render(program, given, given if objects["HardeningPolicy"] else None)
    if not rendered:
        sys.exit("no golden case found")
    return rendered


def render(program: str, file: Path, policy: Path | None) -> str:
    arguments = [program, "render", "--filename", str(file), *(["--policy", str(policy)] if policy else [])]
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout


def operator() -> dict[str, str]:
    """The operator's own objects, as they are installed."""
    return {file: (Path("deploy") / file).read_text() for file in ("crds.yaml", "install.yaml")}


def checkov(scanned: Path, folder: Path) -> dict:
    """Offline, and without any settings of the user."""
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
    arguments = ["--directory", str(scanned), "--framework", "kubernetes", "--skip-download", "--soft-fail", "--output", "json"]
    command = [sys.executable, "-m", "checkov.main", *arguments]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder)
    return json.loads(run.stdout)


def failed(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""`core3d doctor`: is this machine ready, and if not, what to do."""

from __future__ import annotations

import typer

from core3d_search.cli import options, output

MARKS = {"ok": "ok", "note": "--", "fault": "!!"}


def doctor(as_json: options.Json = False) -> None:
    """Check versions, devices, clashing packages, system libraries and weights; exit code 1 where one is at fault."""
    from core3d_search.doctor import examine

    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            typer.echo(f"{MARKS[finding.state]}  {finding.topic}: {finding.text}")
    if as_json:
        output.print_json([vars(finding) for finding in findings])
    if any(finding.state == "fault" for finding in findings):
        raise typer.Exit(1)

"""core3d as a service: HTTP for programs, a page for people, tools for agents. Needs the extras `serve` and `mcp`."""

"""`core3d mcp`: tools for agents, over stdin and stdout."""

from __future__ import annotations

from core3d_search.cli import options


def mcp(
    db: options.Database = None,
    lang: options.Language = None,
    vectors: options.Vectors = None,
    llm: options.LlmUrl = None,
    llm_model: options.LlmModel = None,
) -> None:
    """Let an agent search the database: a server of the Model Context Protocol on stdin and stdout.

    Its tools are search, count, describe_object and list_scenes; none changes anything. An agent starts it itself:
    name `core3d mcp --db core3d.db` in its configuration.
    """
    from core3d_search.errors import MissingDependencyError

    parser = options.llm_parser(llm, llm_model)
    try:
        import mcp as sdk
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"core3d mcp needs {error.name}: pip install 'core3d-search[mcp]'") from error
    del sdk
    from core3d_search.search.searcher import Searcher
    from core3d_search.server.agents import agent_server

    with Searcher.open(db, llm=parser, language=lang, vectors=vectors) as searcher:
        agent_server(searcher).run("stdio")

"""Answers of Qwen2.5-Coder-1.5B to short requests with Claude Code's tools; it never wrote its own marks."""

from __future__ import annotations

from transcripts.shape import Shape, fence

_GREEDY = "Qwen2.5-Coder-1.5B, greedy"
_WARM = "Qwen2.5-Coder-1.5B, at temperature 0.8"

QWEN = (
    Shape(
        "read some lines",
        "hermes",
        _GREEDY,
        fence(
            '{\n  "name": "Read",\n  "arguments": {\n    "file_path": "/home/dev/shop/main.py",\n'
            '    "offset": 9,\n    "limit": 10\n  }\n}'
        ),
        (("Read", {"file_path": "/home/dev/shop/main.py", "offset": 9, "limit": 10}),),
    ),
    Shape(
        "make a file",
        "hermes",
        _GREEDY,
        fence(
            '{\n  "name": "Write",\n  "arguments": {\n    "file_path": "/home/dev/shop/src/util.py",\n'
            '    "content": "def add(a, b):\\n    return a + b\\n"\n  }\n}'
        ),
        (("Write", {"file_path": "/home/dev/shop/src/util.py", "content": "def add(a, b):\n    return a + b\n"}),),
    ),
    Shape(
        "find files",
        "hermes",
        _GREEDY,
        fence('{\n  "name": "Glob",\n  "arguments": {\n    "pattern": "**/*.json",\n    "path": "src"\n  }\n}'),
        (("Glob", {"pattern": "**/*.json", "path": "src"}),),
    ),
    Shape(
        "an edit in one line, behind a result",
        "hermes",
        _WARM,
        fence(
            '{"name": "Edit", "arguments": {"file_path": "/home/dev/shop/cart.py", "old_string": "items", '
            '"new_string": "items_list", "replace_all": false}}'
        ),
        (
            (
                "Edit",
                {
                    "file_path": "/home/dev/shop/cart.py",
                    "old_string": "items",
                    "new_string": "items_list",
                    "replace_all": False,
                },
            ),
        ),
    ),
    Shape(
        "a tool that nobody offers, to install",
        "hermes",
        _GREEDY,
        fence('{\n  "name": "pip",\n  "arguments": {\n    "command": "install requests",\n    "timeout": 60\n  }\n}'),
        (("pip", {"command": "install requests", "timeout": 60}),),
        unknown=True,
    ),
    Shape(
        "a configuration in the shape of a call",
        "hermes",
        _GREEDY,
        fence('{\n  "name": "Logger",\n  "arguments": {\n    "level": "info",\n    "output": "console"\n  }\n}'),
        (("Logger", {"level": "info", "output": "console"}),),
        unknown=True,
    ),
    Shape(
        "an explained call",
        "hermes",
        _GREEDY,
        "To call the Read tool, you would use the following JSON object:\n\n"
        + fence('{\n  "name": "Read",\n  "arguments": {\n    "file_path": "/home/dev/shop/data.txt"\n  }\n}')
        + "\n\nThis would read the contents of the file `/home/dev/shop/data.txt`.",
    ),
    Shape(
        "an explained call between backticks, with doubled braces",
        "hermes",
        _WARM,
        'For example:\n```{{"name": "Read", "arguments": {"file_path": "/home/dev/shop/myfile.txt"}}}}\n```\n\n'
        "This would read the first 2000 lines of the file.",
    ),
    Shape(
        "its tools, listed with invented arguments",
        "hermes",
        _GREEDY,
        '<tools>\n  <function name="Read" arguments=\'{"file_path": "/home/dev/shop/data.txt"}\'/>\n'
        '  <function name="Bash" arguments=\'{"command": "ls -l", "timeout": 10}\'/>\n</tools>',
    ),
    Shape(
        "a function of a tool's name",
        "hermes",
        _GREEDY,
        fence("def Read(file_path, offset=0, limit=2000):\n    with open(file_path) as file:\n        ...", "python"),
    ),
    Shape("what was asked for, in JSON", "hermes", _GREEDY, fence('{\n  "name": "shop",\n  "version": "1.0.0"\n}')),
)

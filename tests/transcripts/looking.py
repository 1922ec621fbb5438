"""What only looks like a call, and stays text."""

from __future__ import annotations

from transcripts.shape import READ, RUN, Shape, fence

_DEFINITION = """{
  "name": "Read",
  "description": "Reads a file.",
  "parameters": {
    "type": "object",
    "properties": {"file_path": {"type": "string"}},
    "required": ["file_path"]
  }
}"""
_PACKAGE = '{\n  "name": "shop",\n  "version": "1.0.0",\n  "scripts": {"test": "jest"},\n  "dependencies": {}\n}'

JSON_FILES = (
    Shape("package.json", "hermes", "localharness #105", fence(_PACKAGE)),
    Shape(
        "package.json behind a sentence", "hermes", "localharness #105", f"Here is a package.json:\n\n{fence(_PACKAGE)}"
    ),
    Shape("package.json, bare", "llama_json", "openclaude #1239: {name} alone is no call", _PACKAGE),
    Shape(
        "a package of a tool's name",
        "hermes",
        "localharness #105",
        fence('{\n  "name": "read",\n  "version": "1.0.0"\n}'),
    ),
    Shape(
        "a list of names",
        "hermes",
        "localharness #105",
        fence('[{"name": "alice", "age": 30}, {"name": "bob", "age": 31}]'),
    ),
    Shape(
        "tsconfig.json",
        "qwen_coder",
        "a request for a file",
        fence('{\n  "compilerOptions": {\n    "strict": true\n  },\n  "include": ["src"]\n}'),
    ),
    Shape(
        "launch.json",
        "hermes",
        "a request for a file: name, type and args",
        fence('{"name": "Python: file", "type": "python", "request": "launch", "program": "${file}", "args": ["-v"]}'),
    ),
    Shape(
        "a server of MCP",
        "glm",
        "a request for a file: command and args",
        fence('{"mcpServers": {"files": {"command": "npx", "args": ["-y", "files"]}}}'),
    ),
    Shape(
        "OpenAPI",
        "mistral",
        "a request for a file",
        fence('{"openapi": "3.1.0", "info": {"title": "Shop"}, "paths": {"/carts": {"get": {"parameters": []}}}}'),
    ),
    Shape(
        "a schema",
        "deepseek_v3",
        "a request for a file",
        fence('{"type": "object", "properties": {"name": {"type": "string"}}}'),
    ),
    Shape("an answer in JSON", "hermes", "answer in JSON", '{"answer": 42, "parts": [1, 2]}'),
    Shape("a name in JSON", "hermes", "llama.cpp #18183", '{"name": "Bingo", "age": 30}'),
    Shape("a list in JSON", "llama_python", "answer in JSON", "[301, 302, 307, 308]"),
    Shape("a tool that is none", "prompted", "answer in JSON", '{"tool": "hammer", "price": 5}'),
    Shape("a list of tools", "hermes", "answer in JSON: which tools are there", '{"tools": ["Read", "Bash", "Write"]}'),
    Shape("names of tools as a list", "llama_python", "answer in JSON", '["Read", "Bash"]'),
)

EXPLAINED = (
    Shape("a definition", "hermes", "a request to show a tool's schema", fence(_DEFINITION)),
    Shape("a definition, bare", "llama_json", "a request to show a tool's schema", _DEFINITION),
    Shape(
        "a definition in the shape of OpenAI's API",
        "prompted",
        "a request to show a tool's schema",
        fence('{"type": "function", "function": ' + _DEFINITION + "}"),
    ),
    Shape(
        "an explanation around an example",
        "hermes",
        "a request to explain a tool",
        f"The Read tool takes a path.\n\n{fence(READ)}\n\nIt answers with numbered lines.",
    ),
    Shape(
        "an example at the end",
        "hermes",
        "a request to explain a tool",
        f"The Read tool takes a path. For example:\n\n{fence(READ)}",
    ),
    Shape(
        "a format at the end",
        "hermes",
        "a request to explain a tool",
        f"A call of Bash has this format:\n\n{fence(RUN)}\n",
    ),
    Shape(
        "what it looks like, bare",
        "llama_json",
        "a request to explain a tool",
        f"A call looks like this: {READ}",
    ),
    Shape(
        "the syntax in Python",
        "granite",
        "a request to explain a tool",
        "Syntax:\n\n" + fence('Read(file_path="/shop/cart.py")', "python"),
    ),
    Shape(
        "a request that was answered by itself",
        "hermes",
        "openclaude #557: it goes on as if it had run",
        f"I will run it.\n\n{fence(RUN)}\n\nThe working tree is clean.",
    ),
    Shape(
        "the usual marks in a fence, with text around",
        "qwen_coder",
        "vllm #57541",
        "Here is what a tool call looks like:\n\n"
        + fence("<tool_call>\n<function=Bash>\n<parameter=command>ls</parameter>\n</function>\n</tool_call>", "xml")
        + "\n\nThat is the format.",
    ),
    Shape("a call in a sentence", "hermes", "a request to explain a tool", "Use `Read(file_path)` to read a file."),
    Shape(
        "a call that begins a sentence",
        "granite",
        "an explanation",
        "`Read(file_path)` reads a file, `List()` lists them.",
    ),
    Shape("a name that begins a sentence", "glm", "a plan", "Read the file first, then change it."),
    Shape("a name and a brace in a sentence", "glm", "an explanation", "Write {name} where the customer's name goes."),
    Shape(
        "a list of tools in Markdown",
        "hermes",
        "which tools are there",
        "- **Read**: reads a file\n- **Bash**: runs a command",
    ),
    Shape("a table of tools", "mistral", "which tools are there", "| Tool | For |\n|---|---|\n| Read | files |"),
    Shape(
        "a list of tools with arguments",
        "llama_python",
        "which tools are there",
        "1. Read(file_path, offset)\n2. List()\n",
    ),
    Shape("a link", "llama_python", "an answer that begins with a link", "[Read](docs/read.md) tells how it is done."),
    Shape("a list to tick off", "llama_python", "a plan", "[ ] Read cart.py\n[x] Run the tests"),
    Shape(
        "ReAct explained",
        "prompted",
        "a question about ReAct",
        "ReAct agents write lines such as\n\nAction: Read\nAction Input: {...}\n\nand wait for an observation.",
    ),
)

CODE = (
    Shape(
        "a function in Python",
        "granite",
        "a request for code",
        fence("def read(path):\n    return open(path).read()", "python"),
    ),
    Shape("a class in Python", "prompted", "a request for code", fence("class Read(Action):\n    pass", "python")),
    Shape("other calls in Python", "granite", "a request for code", fence('print(open("cart.py").read())', "python")),
    Shape(
        "a dictionary in Python",
        "hermes",
        "a request for code",
        fence('call = {"name": "Read", "arguments": {}}\nsend(call)', "python"),
    ),
    Shape(
        "a method in Go",
        "hermes",
        "a request for code",
        fence("func (f *File) Read(p []byte) (int, error) {\n\treturn 0, nil\n}", "go"),
    ),
    Shape(
        "calls in C", "phi4", "a request for code", fence("Write(fd, buffer, length);\nRead(fd, buffer, length);", "c")
    ),
    Shape("a shell block", "hermes", "openclaude #557", fence("git status", "bash")),
    Shape("a shell block behind a sentence", "mistral", "how do I ...", f"Run this:\n\n{fence('git status', 'sh')}"),
    Shape(
        "a diff",
        "qwen_coder",
        "a request for a change",
        fence("--- a/cart.py\n+++ b/cart.py\n@@ -1 +1 @@\n-x\n+y", "diff"),
    ),
    Shape("YAML", "glm", "a request for a file", fence("name: CI\non: [push]\njobs:\n  test:\n    steps: []", "yaml")),
    Shape("HTML", "hermes", "a request for a page", "<!DOCTYPE html>\n<html>\n<body><p>Shop</p></body>\n</html>"),
    Shape(
        "XML that names tools",
        "hermes",
        "a request for a file",
        "<tools>\n  <tool>hammer</tool>\n  <tool>saw</tool>\n</tools>",
    ),
    Shape(
        "XML that names a function",
        "minimax",
        "a request for a file",
        '<function name="area">\n  <param>r</param>\n</function>',
    ),
    Shape("an empty fence", "hermes", "small models", "```json\n```"),
)

CUT = (
    Shape(
        "cut in an argument",
        "hermes",
        "max_tokens",
        '```json\n{"name": "Read", "arguments": {"file_path": "/sh',
        cut=True,
    ),
    Shape("cut in the name", "hermes", "max_tokens", '```json\n{"name": "Rea', cut=True),
    Shape(
        "cut in a bare object",
        "hermes",
        "max_tokens",
        '{"name": "Write", "arguments": {"file_path": "a", "content": "x',
        cut=True,
    ),
    Shape("cut in a Python call", "granite", "max_tokens", 'Read(file_path="/shop/ca', cut=True),
    Shape(
        "cut in foreign marks",
        "hermes",
        "max_tokens",
        '<tools>\n{"name": "Bash", "arguments": {"command": "git',
        cut=True,
    ),
    Shape("cut in a tagged argument", "hermes", "max_tokens", "<function=Bash>\n<parameter=command>\ngit st", cut=True),
)

LOOKING = (*JSON_FILES, *EXPLAINED, *CODE, *CUT)

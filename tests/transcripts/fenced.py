"""Calls in code fences, the habit of models that were taught to write code."""

from __future__ import annotations

from transcripts.shape import CART, READ, RUN, STATUS, Shape, fence

_PYTHON = 'Read(file_path="/shop/cart.py")'
_README = "# Shop\n\n```bash\nnpm start\n```\n"

FENCED = (
    Shape("fenced JSON", "hermes", "ollama #13931: Qwen2.5-Coder under Claude Code", fence(READ), (CART,)),
    Shape("a fence without a language", "hermes", "openinterpreter #1577", fence(READ, ""), (CART,)),
    Shape("JSON in capitals", "phi4", "openclaude #1076: Phi-4", fence(READ, "JSON"), (CART,)),
    Shape(
        "fenced JSON in lines",
        "hermes",
        "openclaude #557: qwen2.5-coder:14b",
        fence('{\n  "name": "Write",\n  "arguments": {\n    "file_path": "hello.txt",\n    "content": "hello"\n  }\n}'),
        (("Write", {"file_path": "hello.txt", "content": "hello"}),),
    ),
    Shape("a fence named tool_call", "hermes", "gemini-web2api #42", fence(READ, "tool_call"), (CART,)),
    Shape("a fence named tool", "prompted", "continue #11674", fence(READ, "tool"), (CART,)),
    Shape("a fence named tool_code with JSON", "prompted", "Gemma 3 without tools", fence(READ, "tool_code"), (CART,)),
    Shape(
        "a fence named tool_code", "prompted", "Google's guide to Gemma 3's calls", fence(_PYTHON, "tool_code"), (CART,)
    ),
    Shape(
        "a fence named tool_code, printed",
        "prompted",
        "Gemma 3, as Gemini: print(default_api....) in many agents' logs",
        fence('print(default_api.Read(file_path="/shop/cart.py"))', "tool_code"),
        (CART,),
    ),
    Shape("a fence of Python", "granite", "vllm #43116: Granite 3.3", fence(_PYTHON, "python"), (CART,)),
    Shape(
        "a fence of Python, two calls on lines",
        "granite",
        "vllm #43116: Granite 4.0 H-Small",
        fence(f'{_PYTHON}\nBash(command="git status")', "python"),
        (CART, STATUS),
    ),
    Shape(
        "the usual marks in a fence of XML",
        "hermes",
        "odysseus #2925: calls wrapped in a code block",
        fence(f"<tool_call>\n{READ}\n</tool_call>", "xml"),
        (CART,),
    ),
    Shape(
        "tagged arguments in a fence of XML, behind a sentence",
        "qwen_coder",
        "qwen3.8-Flash-DGX #29",
        "Let me look.\n\n"
        + fence(
            "<tool_call>\n<function=Read>\n<parameter=file_path>\n/shop/cart.py\n</parameter>\n</function>\n</tool_call>",
            "xml",
        ),
        (CART,),
        before="Let me look.",
    ),
    Shape(
        "a fence inside the usual marks",
        "hermes",
        "adk-python #5654 and others: a fence around the arguments' JSON",
        f"<tool_call>\n{fence(READ)}\n</tool_call>",
        (CART,),
    ),
    Shape(
        "behind a sentence",
        "hermes",
        "kronk #950: Qwen2.5-Coder-14B at long prompts",
        f"I'll read the file first.\n\n{fence(READ)}",
        (CART,),
        before="I'll read the file first.",
    ),
    Shape(
        "behind a sentence with a colon",
        "deepseek_v3",
        "DeepSeek-Coder V2 in Continue and Cline",
        f"Sure! Let me check the file:\n{fence(READ)}\n",
        (CART,),
        before="Sure! Let me check the file:",
    ),
    Shape(
        "with an invented result behind it",
        "hermes",
        "openclaude #557: it says that it is done",
        f"{fence(RUN)}\n\nThe working tree is clean.",
        (STATUS,),
        behind="The working tree is clean.",
    ),
    Shape("two fences", "hermes", "nanocoder #493", f"{fence(READ)}\n\n{fence(RUN)}", (CART, STATUS)),
    Shape(
        "two fences behind a sentence",
        "mistral",
        "Codestral in Continue",
        f"I need two things.\n{fence(READ)}\n{fence(RUN)}",
        (CART, STATUS),
        before="I need two things.",
    ),
    Shape("a list in a fence", "mistral", "mistral-common #73", fence(f"[{READ}, {RUN}]"), (CART, STATUS)),
    Shape("objects on lines in a fence", "hermes", "opilot #149", fence(f"{READ}\n{RUN}"), (CART, STATUS)),
    Shape(
        "a fence that is not closed", "hermes", "kronk #950: the end is sampled early", f"```json\n{READ}\n", (CART,)
    ),
    Shape(
        "fenced JSON with parameters",
        "llama_json",
        "ollama #13519: llama3.2:3b",
        fence('{"name": "Grep", "parameters": {"pattern": "TODO", "glob": "*.py"}}'),
        (("Grep", {"pattern": "TODO", "glob": "*.py"}),),
    ),
    Shape(
        "fenced in the shape of OpenAI's API",
        "hermes",
        "openclaude #1076",
        fence('{"type": "function", "function": ' + READ + "}"),
        (CART,),
    ),
    Shape(
        "a fenced message with tool_calls",
        "hermes",
        "nanocoder #493",
        fence('{\n  "tool_calls": [\n    {"type": "function", "function": ' + READ + "}\n  ]\n}"),
        (CART,),
    ),
    Shape(
        "fences in the text of a file",
        "hermes",
        "ollama #15529: Write of a CLAUDE.md",
        fence(
            '{"name": "Write", "arguments": {"file_path": "README.md", '
            '"content": "# Shop\\n\\n```bash\\nnpm start\\n```\\n"}}'
        ),
        (("Write", {"file_path": "README.md", "content": _README}),),
    ),
    Shape(
        "commas behind the last members",
        "hermes",
        "JSON5 habits, in reports on every local server",
        fence('{\n  "name": "Read",\n  "arguments": {\n    "file_path": "/shop/cart.py",\n  },\n}'),
        (CART,),
    ),
    Shape(
        "a Python dictionary in a fence",
        "prompted",
        "mlx-lm #912: single quotes",
        fence(
            "{'name': 'Edit', 'arguments': "
            "{'file_path': 'a.py', 'old_string': 'x', 'new_string': 'y', 'replace_all': True}}"
        ),
        (("Edit", {"file_path": "a.py", "old_string": "x", "new_string": "y", "replace_all": True}),),
    ),
    Shape(
        "a thought, then a fence",
        "deepseek_v3",
        "vllm #28219: R1's distills",
        f"<think>\nI should read it.\n</think>\n\n{fence(READ)}",
        (CART,),
        thought="I should read it.",
    ),
    Shape(
        "a thought that the prompt began, then a fence",
        "hermes",
        "Qwen3-32B #1817: planned in the thought",
        f"I should read it.\n</think>\n\n{fence(READ)}",
        (CART,),
        thought="I should read it.",
        thinking=True,
    ),
    Shape(
        "Command R's actions",
        "command",
        "Command R and R+: the prompt that Cohere published",
        "Action: "
        + fence(
            '[\n    {\n        "tool_name": "Read",\n        "parameters": {"file_path": "/shop/cart.py"}\n    }\n]'
        ),
        (CART,),
    ),
    Shape(
        "a fenced name in small letters",
        "hermes",
        "Qwen2.5-Coder in several clients",
        fence('{"name": "read", "arguments": {"file_path": "/shop/cart.py"}}'),
        (CART,),
    ),
    Shape(
        "a fenced name that nobody offers",
        "hermes",
        "Pensieve's own runs of Qwen2.5-Coder-1.5B",
        fence('{"name": "Git", "arguments": {"command": "git status"}}'),
        (("Git", {"command": "git status"}),),
        unknown=True,
    ),
)

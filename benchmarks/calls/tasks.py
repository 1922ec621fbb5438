"""The 60 tasks: 45 that need a call, 8 that need none, and 7 whose result is there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SYSTEM = (
    "You are a coding agent. You work in the folder /home/ada/shop (Linux, bash, a git repository) and use the tools "
    "when the task needs them."
)
FOLDER = "/home/ada/shop"
WHOLE = rf"^(\./?)?$|^{FOLDER}/?$"
"""The whole folder: a path that is not mentioned may not exist."""


@dataclass(frozen=True)
class Accepted:
    """A call that would do what is asked: each pattern is found in the member of that name, "" where it is left out."""

    tool: str
    patterns: dict[str, str]


@dataclass(frozen=True)
class Task:
    """`accepted` are the calls that would do, none if none is needed; `answer` is a pattern for the text, else.

    `results` are calls that were made already, each with what came of it.
    """

    prompt: str
    accepted: tuple[Accepted, ...] = ()
    results: tuple[tuple[str, dict[str, Any], str], ...] = ()
    answer: str = ""

    def messages(self) -> list[dict[str, Any]]:
        asked = {"role": "user", "content": self.prompt}
        if not self.results:
            return [asked]
        calls, results = [], []
        for number, (tool, given, result) in enumerate(self.results):
            name = f"toolu_{number:024d}"
            calls.append({"type": "tool_use", "id": name, "name": tool, "input": given})
            results.append({"type": "tool_result", "tool_use_id": name, "content": result})
        return [asked, {"role": "assistant", "content": calls}, {"role": "user", "content": results}]


def call(tool: str, **patterns: str) -> Accepted:
    return Accepted(tool, patterns)


def bash(command: str) -> Accepted:
    return call("Bash", command=command)


def read(file: str) -> tuple[Accepted, ...]:
    return call("Read", file_path=rf"(^|/){file}$"), bash(rf"\b(cat|head|tail|less|sed|nl|bat)\b.*{file}")


def find(pattern: str, folder: str = "") -> tuple[Accepted, ...]:
    """`folder` is in the pattern or in the path; without one, the whole folder is looked through."""
    finds = r"\b(ls|find|fd|tree|git ls-files)\b.*"
    if not folder:
        return call("Glob", pattern=pattern, path=WHOLE), bash(finds + f"({pattern})")
    return (
        call("Glob", pattern=f"{folder}/.*({pattern})", path=WHOLE),
        call("Glob", pattern=pattern, path=f"(^|/){folder}/?$"),
        bash(finds + folder),
    )


def search(pattern: str, path: str = WHOLE) -> tuple[Accepted, ...]:
    return call("Grep", pattern=pattern, path=path), bash(rf"\b(grep|rg|ag)\b.*{pattern}")


def write(file: str, content: str) -> tuple[Accepted, ...]:
    return call("Write", file_path=rf"(^|/){file}$", content=content), bash(rf"(?s){content}.*{file}|{file}.*{content}")


def edit(file: str, old: str, new: str, **more: str) -> Accepted:
    return call("Edit", file_path=rf"(^|/){file}$", old_string=old, new_string=new, **more)


def correct(file: str, old: str, new: str) -> tuple[Accepted, ...]:
    """In a file that was read before: an edit of it, or all of it written anew."""
    return edit(file, old, new), call("Write", file_path=rf"(^|/){file}$", content=new), bash(rf"sed -i.*{new}.*{file}")


READING = (
    Task("Read cart.py", read(r"cart\.py")),
    Task("Show me what is in src/pricing/tax.py.", read(r"src/pricing/tax\.py")),
    Task(
        "What does the function `normalise` in text_utils.py do?",
        (*read(r"text_utils\.py"), *search("normalise"), *search("normalise", r"text_utils\.py$")),
    ),
    Task(
        "Look at config/settings.toml and tell me which port the service listens on.",
        (*read(r"config/settings\.toml"), *search("port", r"config/settings\.toml$")),
    ),
    Task("Explain docker-compose.yml to me.", read(r"docker-compose\.yml")),
    Task("Which licence does this project have? It is in the file LICENSE.", read("LICENSE")),
    Task(
        "Read lines 40 to 60 of server/router.go.",
        (
            call("Read", file_path=r"server/router\.go$", offset=r"^(39|40)$", limit="^2[012]$"),
            bash(r"\b(sed|head|awk)\b.*60.*router\.go"),
        ),
    ),
    Task("Is there a bug in lib/queue.rb? Check the code first.", read(r"lib/queue\.rb")),
    Task("Summarise docs/architecture.md in three sentences.", read(r"docs/architecture\.md")),
    Task(
        "Open /var/log/nginx/error.log and tell me what the last error was.",
        (*read(r"var/log/nginx/error\.log"), bash(r"grep.*/var/log/nginx/error\.log")),
    ),
)

FINDING = (
    Task("List the files in this folder.", (bash("^(ls|find|tree)\\b"), call("Glob", pattern=r"\*$", path=WHOLE))),
    Task("Find all TypeScript files under web/.", find(r"\.(ts|\{ts)", "web")),
    Task("Where is the file called webhook_handler.py?", find(r"webhook_handler")),
    Task("Which test files are there?", find("(test|spec)")),
    Task("Are there any Markdown files in the docs folder?", find(r"\.(md|\{md)", "docs")),
    Task("How many SQL migrations are there in db/migrations?", find(r"\.sql|\*$", "db/migrations")),
    Task("Show me the structure of the folder assets/.", find(r"\*$", "assets")),
)

SEARCHING = (
    Task("Find every place where `parse_invoice` is called.", search("parse_invoice")),
    Task("Search the code for TODO comments.", search("TODO")),
    Task("Which files import the module `requests`?", search("requests")),
    Task("Where is the class OrderBook defined?", search("OrderBook")),
    Task("Does anything still use the environment variable LEGACY_API_KEY?", search("LEGACY_API_KEY")),
    Task(
        'Search for the text "connection refused" in the folder logs.',
        search("(?i:connection refused)", "(^|/)logs/?$"),
    ),
    Task(
        "In which line of app/models.py is `discount` assigned?",
        (*search("discount", r"app/models\.py$"), *read(r"app/models\.py")),
    ),
    Task("Find all uses of console.log in the JavaScript files.", search(r"console(\\+|\[)?\.?\]?log")),
)

RUNNING = (
    Task("Run `git status`", (bash("git status"),)),
    Task("Run the tests with pytest.", (bash("pytest"),)),
    Task("What changed in the last commit?", (bash(r"git (show|log|diff)"),)),
    Task("Which version of Python is installed here?", (bash(r"python3? (--version|-V|-c)|which python"),)),
    Task("Install the dependencies from requirements.txt.", (bash(r"pip3? install .*requirements\.txt"),)),
    Task(
        "Make a new branch called fix/rounding.", (bash(r"git (checkout -b|switch (-c|--create)|branch) fix/rounding"),)
    ),
    Task("Delete the folder build/tmp.", (bash(r"(rm -\w*r\w*|rmdir|rm --recursive) .*build/tmp"),)),
    Task("Start the linter: ruff check src", (bash("ruff check src"),)),
    Task("Which process listens on port 8080?", (bash(r"\b(lsof|ss|netstat|fuser)\b"),)),
    Task(
        'Commit what is staged with the message "Round totals to cents".',
        (bash(r"git commit .*Round totals to cents"),),
    ),
)

WRITING = (
    Task("Create the file notes.md with this one line: Remember the milk", write(r"notes\.md", "Remember the milk")),
    Task(
        "Write a .gitignore that ignores __pycache__ and .env.",
        (call("Write", file_path=r"(^|/)\.gitignore$", content=r"(?s)__pycache__.*\.env"), bash(r"\.gitignore")),
    ),
    Task(
        "Write a Python script fizzbuzz.py that prints FizzBuzz from 1 to 30, and save it.",
        write(r"fizzbuzz\.py", "Fizz"),
    ),
    Task('Save this as data/colours.json: ["red", "green", "blue"]', write(r"data/colours\.json", "green")),
    Task("Make an empty file app/__init__.py.", (call("Write", file_path=r"app/__init__\.py$"), bash(r"app/__init__"))),
)

GREET = '1\tdef greet(name):\n2\t    print("Helo, " + name)\n3\t\n4\tgreet("Ada")\n'
LIMITS = '1\tMAX_ITEMS = 50\n2\tMAX_WEIGHT = 20\n3\tCURRENCY = "EUR"\n'
HEADER = "1\t<header>\n2\t  <h1>Welcom to our shop</h1>\n3\t</header>\n"

EDITING = (
    Task(
        "In config.py change DEBUG = True to DEBUG = False.",
        (edit(r"config\.py", "True", "False"), *read(r"config\.py"), bash(r"sed -i.*DEBUG.*config\.py")),
    ),
    Task(
        "Replace `colour` by `color` everywhere in styles.css.",
        (
            edit(r"styles\.css", "colour", "color", replace_all="True"),
            *read(r"styles\.css"),
            bash(r"sed -i.*colour.*color.*styles\.css"),
        ),
    ),
    Task(
        "Correct the spelling of the greeting in greet.py.",
        correct(r"greet\.py", "Helo", "Hello"),
        (("Read", {"file_path": f"{FOLDER}/greet.py"}, GREET),),
    ),
    Task(
        "Raise MAX_ITEMS in limits.py to 80.",
        correct(r"limits\.py", "50", "80"),
        (("Read", {"file_path": f"{FOLDER}/limits.py"}, LIMITS),),
    ),
    Task(
        "There is a typo in the heading of web/header.html. Please correct it.",
        correct(r"web/header\.html", "Welcom", "Welcome"),
        (("Read", {"file_path": f"{FOLDER}/web/header.html"}, HEADER),),
    ),
)

TALKING = (
    Task("Thanks, that is all for today."),
    Task("What is the difference between a list and a tuple in Python?"),
    Task("Show me an example package.json of a small Express app in a code block. Do not write a file."),
    Task("Explain in words how you would use the Read tool. Do not call it."),
    Task("What does the HTTP status 409 mean?"),
    Task("Give me a regular expression for dates such as 2024-05-31, here in the chat."),
    Task("Hello! What can you help me with?"),
    Task('Answer with a JSON object that has the members "city" and "country", for the Eiffel Tower.'),
)

PRICES = "1\titem,price\n2\tchair,89.00\n3\tlamp,34.90\n4\tdesk,249.00\n5\tshelf,120.50\n"
PYTEST = (
    "collected 44 items\n\ntests/test_cart.py ....F...\n\nFAILED tests/test_cart.py::test_total_with_coupon"
    " - AssertionError: assert 17.1 == 17.01\n1 failed, 43 passed in 2.31s"
)
ICONS = "\n".join(f"{FOLDER}/icons/{name}.svg" for name in ("cart", "heart", "home", "search", "user"))
LOG = (
    "commit 9f3c1d2\nAuthor: Mirela Popescu <mirela@example.com>\nDate: Mon Jun 3 10:14:22\n\n    Cache exchange rates"
)
NOT_THERE = "<tool_use_error>File does not exist.</tool_use_error>"

ANSWERING = (
    Task(
        "What does the lamp cost according to prices.csv?",
        results=(("Read", {"file_path": f"{FOLDER}/prices.csv"}, PRICES),),
        answer=r"34[.,]90?",
    ),
    Task(
        "Run the tests and tell me which one fails.",
        results=(("Bash", {"command": "pytest"}, PYTEST),),
        answer="test_total_with_coupon",
    ),
    Task(
        "In which file is MAX_RETRIES set, and to which number?",
        results=(("Grep", {"pattern": "MAX_RETRIES"}, "net/retry.py:7:MAX_RETRIES = 13"),),
        answer=r"(?s)retry\.py.*13|13.*retry\.py",
    ),
    Task(
        "How many SVG icons are there?",
        results=(("Glob", {"pattern": "icons/*.svg"}, ICONS),),
        answer=r"(?i)\b(5|five)\b",
    ),
    Task(
        "Who made the last commit?",
        results=(("Bash", {"command": "git log -1"}, LOG),),
        answer="Mirela",
    ),
    Task(
        "What is in the file secrets.yaml?",
        results=(("Read", {"file_path": f"{FOLDER}/secrets.yaml"}, NOT_THERE),),
        answer=r"(?i)n[o']t (exist|found|there)|no (such )?file|missing|unable|cannot|could not",
    ),
    Task(
        "Which has the higher version, api/VERSION or billing/VERSION?",
        results=(
            ("Read", {"file_path": f"{FOLDER}/api/VERSION"}, "1\t3.4.1\n"),
            ("Read", {"file_path": f"{FOLDER}/billing/VERSION"}, "1\t3.11.0\n"),
        ),
        answer=r"(?i)billing.*(higher|newer|greater|later|highest|3\.11\.0)|(higher|newer|highest).*billing",
    ),
)

TASKS = READING + FINDING + SEARCHING + RUNNING + WRITING + EDITING + TALKING + ANSWERING

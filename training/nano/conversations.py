"""Synthetic conversations, endless and seeded: what a user says, which tool Nano calls, what it says in the end."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from training.nano import command_phrases, messages, phrases, results, sayings
from training.nano.facts import BEYOND_ME, EMPTY, FACTS, NO_SUCH_TOOL, NO_TOOLS, TOO_LONG
from training.nano.lexicon import ROOTS, WORDS_OF_PHRASES, Lexicon
from training.nano.messages import CUT, Conversation, Message
from training.nano.phrases import phrase

KNOWN_TOOLS = {
    "Read": ["file_path"],
    "Write": ["file_path", "content"],
    "Edit": ["file_path", "old_string", "new_string"],
    "Bash": ["command"],
    "Grep": ["pattern"],
    "Glob": ["pattern"],
}
HELLOS = {
    1: "Hello!",
    2: "Hello there!",
    3: "Hello, dear friend!",
    4: "Hello and good day!",
    5: "Hello, nice to meet you!",
    6: "Hello, it is great seeing you!",
    7: "Hello, I am glad you came by!",
    8: "Hello, I hope your day is going well!",
    9: "Hello, it is very good to see you today!",
    10: "Hello, I wish you a really good and quiet day!",
}
PARAMETERS = "path file filename name command cmd code pattern query text url city id symbol input key q".split()
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
LONGEST_QUESTION = 400
"""Bytes. Of longer ones the template keeps the end."""
CODE_MARKS = '```"'
"""Commands are mostly quoted as code."""
PLAIN_COMMAND = re.compile(r"[\w./-]+(?: -[\w-]+| \w+)?")
"""One that is understood without quotes, wherever it stands."""
HELLO_LIMIT = "I can say hello in one to ten words."


class Maker:
    """Makes conversations. `unseen`: with the phrasings and words that training never shows."""

    def __init__(self, seed: str, *, unseen: bool) -> None:
        self.rng = random.Random(seed)
        self.unseen = unseen
        self.lexicon = Lexicon(self.rng, unseen=unseen)
        self._kinds: dict[Callable[[], Conversation], float] = {
            self.read: 17, self.read_two: 5, self.first_line: 6, self.bash: 11, self.everyday: 5, self.write: 14,
            self.edit: 10, self.copy: 8, self.run_and_save: 5, self.grep: 7, self.glob: 6, self.named_tool: 10,
            self.without_tools: 13, self.repeat: 5, self.hello: 8, self.sums: 13, self.fact: 15, self.beyond: 9,
        }  # fmt: skip

    def any(self) -> Conversation:
        while True:
            made = self.rng.choices(list(self._kinds), list(self._kinds.values()))[0]()
            if len(made.messages[0]["content"].encode()) > LONGEST_QUESTION:
                continue
            if made.calls and self.lexicon.chance(0.1):
                name = self.rng.choice(made.calls)["name"]
                messages.rename_parameter(made, name, self.rng.choice(PARAMETERS))
            return made

    # --- tools -------------------------------------------------------------------------------------------------

    def read(self) -> Conversation:
        path = self.lexicon.path()
        asked = self._ask(
            self._or_by_name(phrases.READ), path=self._shown(path), tool="Read", argument=self._shown(path)
        )
        return self._with_result("read", asked, "Read", [path], self._content(), "It says: {result}")

    def read_two(self) -> Conversation:
        """Two calls in one turn."""
        paths = self.lexicon.path(), self.lexicon.path()
        asked = self._ask(phrases.READ_TWO, path=self._shown(paths[0]), target=self._shown(paths[1]))
        results, said = list[Message](), list[str]()
        for number in ("first", "second"):
            if self.lexicon.chance(0.05):
                failed, _ = self._failed("Read")
                results.append(failed)
                said.append(f"The {number} did not work.")
            else:
                content = self._content()
                results.append(messages.result("Read", self._as_client(content)))
                said.append(f"The {number} says: {messages.seen(content)}")
        calls = messages.call("Read", *({"file_path": path} for path in paths))
        return Conversation("read_two", [asked, calls, *results, messages.say("\n".join(said))], self._offer("Read"))

    def first_line(self) -> Conversation:
        path, content = self.lexicon.path(), self._content()
        asked = self._ask(phrases.FIRST_LINE, path=self._shown(path))
        first = messages.seen(content).split("\n")[0]
        return self._with_result("first_line", asked, "Read", [path], content, "The first line is: " + first)

    def bash(self) -> Conversation:
        command = self.lexicon.command()
        bare = self.lexicon.chance(0.4)
        listed = command_phrases.BARE_COMMAND_LAST if bare else command_phrases.BASH
        shown = command if bare else self.lexicon.quoted(command, CODE_MARKS)
        if not bare:
            listed = self._or_by_name(listed)
        asked = self._ask(listed, mark="" if bare else None, command=shown, tool="Bash", argument=shown)
        return self._with_result("bash", asked, "Bash", [command], self._output(), "It printed: {result}")

    def everyday(self) -> Conversation:
        """What people ask for without naming the command."""
        command = self.rng.choice(list(command_phrases.EVERYDAY))
        asked = self._ask(command_phrases.EVERYDAY[command])
        return self._with_result("everyday", asked, "Bash", [command], self._output(), "It printed: {result}")

    def grep(self) -> Conversation:
        pattern = self.rng.choice((self.lexicon.name, self.lexicon.word, lambda: self.lexicon.words(2, 3)))()
        shown = pattern if " " not in pattern and self.lexicon.chance(0.5) else self.lexicon.quoted(pattern)
        asked = self._ask(self._or_by_name(command_phrases.GREP), pattern=shown, tool="Grep", argument=shown)
        return self._with_result("grep", asked, "Grep", [pattern], self._output(), "The result is: {result}")

    def glob(self) -> Conversation:
        if self.lexicon.chance(0.2):
            language = self.rng.choice(list(command_phrases.LANGUAGES))
            pattern = f"**/*.{command_phrases.LANGUAGES[language]}"
            asked = self._ask(command_phrases.GLOB_LANGUAGE, language=language)
        else:
            pattern = self.lexicon.glob()
            shown = self._shown(pattern)
            asked = self._ask(self._or_by_name(command_phrases.GLOB), mark="", glob=shown, tool="Glob", argument=shown)
        return self._with_result("glob", asked, "Glob", [pattern], self._output(), "The result is: {result}")

    def named_tool(self) -> Conversation:
        tool = self._tool_name()
        number = self.lexicon.chance(0.15)
        parameter = self.lexicon.name() if self.lexicon.chance(0.3) else self.rng.choice(PARAMETERS)
        argument = self.lexicon.number() if number else self.rng.choice((self.lexicon.text, self.lexicon.name))()
        shown = argument if number or self.lexicon.chance(0.4) else self.lexicon.quoted(argument)
        asked = self._ask(command_phrases.NAMED_TOOL, mark="", tool=tool, argument=shown)
        offered = self._offer(extra=[messages.tool(tool, [parameter], "integer" if number else "string")])
        call = messages.call(tool, {parameter: int(argument) if number else argument})
        if self.lexicon.chance(0.1):
            return Conversation("named_tool", [asked, call, *self._failed(tool)], offered)
        result = self._output()
        return Conversation(
            "named_tool", [asked, call, *self._answered(tool, result, "The result is: {result}")], offered
        )

    def write(self) -> Conversation:
        path, text = self.lexicon.path(), self.lexicon.text()
        # Without quotes it is harder to see where a text ends: training shows more of that than the examination.
        plain = text.replace(" ", "").isalpha() and self.lexicon.chance(0.35 if self.unseen else 0.5)
        shown = text if plain else self.lexicon.quoted(text)
        asked = self._ask(phrases.WRITE, mark="", path=self._shown(path), text=shown)
        return self._with_result("write", asked, "Write", [path, text], self._success(path), f"I wrote {path}.")

    def edit(self) -> Conversation:
        path = self.lexicon.path()
        old = new = self._spot()
        while new == old:
            new = self._spot()
        mark = self.rng.choice(("", "", '"', "'", "`"))
        quote = mark or ('"' if " " in old + new else "")
        asked = self._ask(
            phrases.EDIT, mark="", path=self._shown(path), old=quote + old + quote, new=quote + new + quote
        )
        tools = self._offer("Read", "Edit")
        content = self._content()
        at = content.find(" ")
        content = f"{content[:at]} {old}{content[at:]}" if at > 0 else f"{old} {content}"
        reading = [asked, messages.call("Read", {"file_path": path})]
        if self.lexicon.chance(0.1):
            return Conversation("edit", [*reading, *self._failed("Read")], tools)
        call = messages.call("Edit", {"file_path": path, "old_string": old, "new_string": new})
        done = self._answered("Edit", self._success(path), f"I changed {path}.")
        return Conversation("edit", [*reading, messages.result("Read", self._as_client(content)), call, *done], tools)

    def _spot(self) -> str:
        return self.rng.choice((self.lexicon.word, self.lexicon.name, lambda: self.lexicon.words(1, 3)))()

    def copy(self) -> Conversation:
        path, target, content = self.lexicon.path(), self.lexicon.path(), self._content()
        asked = self._ask(phrases.COPY, mark="", path=self._shown(path), target=self._shown(target))
        return self._then_saved("copy", asked, "Read", path, content, target)

    def run_and_save(self) -> Conversation:
        command, target, output = self.lexicon.command(), self.lexicon.path(), self._output()
        bare = PLAIN_COMMAND.fullmatch(command) and self.lexicon.chance(0.5)
        shown = command if bare else self.lexicon.quoted(command, CODE_MARKS)
        asked = self._ask(command_phrases.RUN_AND_SAVE, mark="", command=shown, path=self._shown(target))
        return self._then_saved("run_and_save", asked, "Bash", command, output, target)

    def without_tools(self) -> Conversation:
        """Asked for what it cannot do here: with no tools at all, or with one missing of those it would take."""
        one = (
            self.read, self.read, self.first_line, self.bash, self.everyday, self.write, self.grep, self.glob,
            self.named_tool,
        )  # fmt: skip
        two = (self.edit, self.copy, self.run_and_save)
        made = self.rng.choice(two if self.lexicon.chance(0.4) else one)()
        missing = self.rng.choice(made.calls)["name"]
        others = [tool for tool in made.tools if tool["function"]["name"] != missing]
        if not others or self.lexicon.chance(0.5):
            return Conversation("without_tools", [made.messages[0], messages.say(NO_TOOLS)])
        return Conversation("without_tools", [made.messages[0], messages.say(NO_SUCH_TOOL)], others)

    # --- words -------------------------------------------------------------------------------------------------

    def repeat(self) -> Conversation:
        text = self.lexicon.text()
        asked = self._ask(sayings.REPEAT, mark="", text=text, quoted=self.lexicon.quoted(text))
        return self._said("repeat", asked, text)

    def hello(self) -> Conversation:
        count = self.rng.randint(1, 10) if self.lexicon.chance(0.94) else self.rng.randint(11, 99)
        shown = NUMBERS[count] if count < len(NUMBERS) and self.lexicon.chance(0.4) else str(count)
        asked = self._ask(sayings.HELLO, count=shown, s="" if count == 1 else "s")
        return self._said("hello", asked, HELLOS.get(count, HELLO_LIMIT))

    def sums(self) -> Conversation:
        if self.lexicon.chance(0.15):
            sign = self.rng.choice("+-*/")
            large = f"{self.rng.randint(21, 9999)} {sign} {self.rng.randint(2, 9999)}"
            return self._said("sums", self._ask(sayings.SUMS, mark="", sum=large), BEYOND_ME)
        if self.lexicon.chance(0.06):
            sign = self.rng.choice(("times", "divided by", "x", "*", "/"))
            other = f"{self.rng.randint(0, 20)} {sign} {self.rng.randint(0, 20)}"
            return self._said("sums", self._ask(sayings.SUMS, mark="", sum=other), BEYOND_ME)
        sign = self.rng.choice("++-")
        first, second = self.rng.randint(0, 10), self.rng.randint(0, 10)
        if sign == "-" and first < second:
            first, second = second, first
        outcome = first + second if sign == "+" else first - second
        shown = self.rng.choice(
            (
                f"{first} {sign} {second}",
                f"{first}{sign}{second}",
                f"{first} {'plus' if sign == '+' else 'minus'} {second}",
            )
        )
        asked = self._ask(sayings.SUMS, mark=self.rng.choice(("", "?")), sum=shown)
        return self._said("sums", asked, f"{first} {sign} {second} = {outcome}")

    def fact(self) -> Conversation:
        fact = self.rng.choice(FACTS)
        return self._said("fact", self._ask((fact.asked, fact.asked_otherwise)), fact.answer)

    def beyond(self) -> Conversation:
        words = " ".join(self._ordinary_word() for _ in range(self.rng.randint(2, 7)))
        asked = self._ask(sayings.BEYOND, words=words, word=self._ordinary_word, path=self.lexicon.path())
        return self._said("beyond", asked, BEYOND_ME)

    def _ordinary_word(self) -> str:
        """None that a fact or a skill is asked with."""
        while (word := self.lexicon.real_word()) in WORDS_OF_PHRASES:
            pass
        return word

    def _or_by_name(self, listed: phrases.Phrases) -> phrases.Phrases:
        return command_phrases.NAMED_TOOL if self.lexicon.chance(0.08) else listed

    # --- pieces ------------------------------------------------------------------------------------------------

    def _ask(self, listed: phrases.Phrases, mark: str | None = None, **values: str | Callable[[], str]) -> Message:
        plain = not self.unseen and self.lexicon.chance(phrases.PLAIN)
        text = phrases.plainest(listed) if plain else phrase(self.rng, listed, unseen=self.unseen)
        if self.lexicon.chance(0.2):
            text = text[0].lower() + text[1:]
        elif text[:1].isalpha():
            text = text[0].upper() + text[1:]
        if mark is None:
            mark = self.rng.choice(("", "", ".", "?", "!") if self.unseen else ("", ".", ".", "?", "!"))
        for name, value in values.items():
            while (hole := "{" + name + "}") in text:
                text = text.replace(hole, value if isinstance(value, str) else value(), 1)
        return {"role": "user", "content": text + mark}

    def _said(self, kind: str, asked: Message, answer: str) -> Conversation:
        tools = self._offer() if self.lexicon.chance(0.6) else []
        return Conversation(kind, [asked, messages.say(answer)], tools)

    def _with_result(
        self, kind: str, asked: Message, tool: str, values: list[str], result: str, answer: str
    ) -> Conversation:
        call = messages.call(tool, dict(zip(KNOWN_TOOLS[tool], values, strict=True)))
        if self.lexicon.chance(0.1):
            return Conversation(kind, [asked, call, *self._failed(tool)], self._offer(tool))
        return Conversation(kind, [asked, call, *self._answered(tool, result, answer)], self._offer(tool))

    def _answered(self, tool: str, result: str, answer: str) -> list[Message]:
        """The result, and what is said of it: `{result}` in the answer stands for what Nano sees of the result."""
        if "{result}" in answer and self.lexicon.chance(0.02):
            return [messages.result(tool, ""), messages.say(EMPTY)]
        shown = self._as_client(result) if tool == "Read" else result
        return [messages.result(tool, shown), messages.say(answer.replace("{result}", messages.seen(result)))]

    def _then_saved(
        self, kind: str, asked: Message, tool: str, argument: str, content: str, target: str
    ) -> Conversation:
        beginning = [asked, messages.call(tool, {KNOWN_TOOLS[tool][0]: argument})]
        tools = self._offer(tool, "Write")
        end = self._failed(tool) if self.lexicon.chance(0.1) else self._saved(tool, content, target)
        return Conversation(kind, [*beginning, *end], tools)

    def _saved(self, source: str, content: str, target: str) -> list[Message]:
        """What a first tool gave is written to a file; what Nano sees only in part is not."""
        shown = messages.result(source, self._as_client(content) if source == "Read" else content)
        if messages.seen(content).endswith(CUT):
            return [shown, messages.say(TOO_LONG)]
        call = messages.call("Write", {"file_path": target, "content": content})
        return [shown, call, *self._answered("Write", self._success(target), f"I wrote {target}.")]

    def _success(self, path: str) -> str:
        """Clients name the file as they were asked to, or by its whole path."""
        if path[0] not in "/.~" and self.lexicon.chance(0.4):
            path = "/".join(
                [self.rng.choice(ROOTS), *(self.lexicon.name() for _ in range(self.rng.randint(0, 3))), path]
            )
        return self._result(results.SUCCEEDED, path=path)

    def _result(self, listed: phrases.Phrases, **values: str) -> str:
        text = phrase(self.rng, listed, unseen=self.unseen)
        return text.format(
            number=self.rng.randint(1, 127), name=self.lexicon.name(), text=self.lexicon.sentence(), **values
        )

    def _failed(self, tool: str) -> list[Message]:
        words = self._result(results.FAILED, path=self.lexicon.path())
        more = "\n" + self.lexicon.line() if self.lexicon.chance(0.3) else ""
        return [messages.result(tool, f"The tool failed: {words}{more}"), messages.say(f"That did not work: {words}")]

    def _content(self) -> str:
        """Of a file, or an output; now and then one that reads like a failure, which the first words of a failure alone
        tell it from."""
        kind = self.rng.random()
        if kind < 0.1:
            return "\n".join(self._plain() for _ in range(self.rng.choice((1, 1, 1, 2, 3))))
        if kind < 0.13:
            return self._result(results.FAILED, path=self.lexicon.path())
        return self.lexicon.content()

    def _plain(self) -> str:
        text = phrase(self.rng, results.PLAIN, unseen=self.unseen)
        while "{word}" in text:
            text = text.replace("{word}", self.lexicon.word(), 1)
        return text

    def _output(self) -> str:
        if self.lexicon.chance(0.1):
            return self._result(results.NOTHING)
        return self._content()

    def _as_client(self, content: str) -> str:
        """As Claude Code numbers the lines."""
        if self.lexicon.chance(0.5):
            return content
        mark = self.rng.choice(("{}\t", "{:6}\u2192"))
        return "\n".join(mark.format(number) + line for number, line in enumerate(content.split("\n"), 1))

    def _shown(self, path: str) -> str:
        must = " " in path
        return self.lexicon.quoted(path) if must or self.lexicon.chance(0.2) else path

    def _tool_name(self) -> str:
        words = [self.lexicon.word() for _ in range(self.rng.randint(1, 3))]
        if self.lexicon.chance(0.05):
            words.append(self.rng.choice(words))
        style = self.rng.random()
        if style < 0.45:
            return "_".join(words)
        if style < 0.65:
            return "".join(word.capitalize() for word in words)
        if style < 0.8:
            return f"mcp__{self.lexicon.word()}__{'_'.join(words)}"
        return words[0] + "".join(word.capitalize() for word in words[1:]) if style < 0.9 else "-".join(words)

    def _offer(self, *needed: str, extra: list[Message] | None = None) -> list[Message]:
        """What a client offers: the tools needed, and some others, in any order."""
        if self.lexicon.chance(0.4):
            names = list(KNOWN_TOOLS)
        else:
            others = [name for name in KNOWN_TOOLS if name not in needed]
            names = [*needed, *self.rng.sample(others, self.rng.randint(0, len(others)))]
        tools = [messages.tool(name, KNOWN_TOOLS[name]) for name in names] + (extra or [])
        self.rng.shuffle(tools)
        return tools

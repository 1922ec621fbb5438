"""Words, paths, texts and commands to talk about: endless, seeded, and some words kept back for the examination."""

from __future__ import annotations

import random
import re
import string
import zlib
from pathlib import Path

from training.nano import command_phrases, phrases, results, sayings
from training.nano.facts import FACTS

EVERYDAY_PATHS = (
    "notes.txt todo.txt hello.txt test.txt a.txt b.txt c.txt x.txt one.txt two.txt copy.txt out.txt new.txt old.txt "
    "foo.txt file.txt list.txt log.txt now.txt data.csv main.py test.py hello.py app.py app.js index.html style.css "
    "config.json package.json data.json README.md notes.md plan.md src/main.py src/app.py docs/plan.md docs/README.md "
    "src/index.ts run.sh ./run.sh /etc/hostname /etc/hosts /tmp/test.txt /tmp/a.txt ~/notes.txt Makefile LICENSE"
).split()
EVERYDAY_TEXTS = (
    "hello|hello world|Hello, world!|Hello World|hi|hi there|test|this is a test|foo|bar|foo bar|one two three|a b c|"
    "1 2 3|42|buy milk|buy milk and eggs|call mom|TODO|done|ok|yes|no|abc|import os|x = 1|the quick brown fox|"
    "good morning|see you tomorrow|my first file|some text|it works"
).split("|")
EVERYDAY_WORDS = "foo bar hello world cat dog red blue old new true false yes no hi bye goodbye one two TODO".split()
"""What people try first: for training only."""

_SPOKEN = " ".join(
    [
        text
        for pair in (vars(phrases) | vars(command_phrases) | vars(sayings) | vars(results)).values()
        if isinstance(pair, tuple)
        for text in pair[0]
    ]
    + [text for fact in FACTS for text in (fact.answer, *fact.asked)]
    + EVERYDAY_PATHS
    + EVERYDAY_TEXTS
    + EVERYDAY_WORDS
)
WORDS_OF_PHRASES = set(re.findall(r"[a-z]{2,}", re.sub(r"{\w+}", " ", _SPOKEN).lower()))
WORDS = sorted({*Path(__file__).with_name("words.txt").read_text().split(), *WORDS_OF_PHRASES})
"""Also those that questions are made of: who knows `hello` as a greeting only will not read hello.txt."""


def kept_back(word: str) -> bool:
    """Every eighth word is for the examination only."""
    return word not in WORDS_OF_PHRASES and zlib.crc32(word.encode()) % 8 == 0


EXTENSIONS = (
    "txt md py js ts json csv log toml yaml yml html css sh c h cpp rs go java rb sql xml ini cfg conf env lock tex rst "
    "tsx jsx php kt swift lua r dat out bak tmp mjs cjs scss less svg png jpg pdf zip gz tar ipynb pl pm m mm hpp hh cc cxx "
    "cs fs ml mli clj ex exs erl dart jl nim zig v sol tf bat ps1 fish zsh mk cmake patch rej orig old new pem crt key pub "
    "db sqlite tsv parquet avro xsd dtd ics vcf srt po mo ejs hbs pug styl snap spec test map wasm asm s o a so lst"
).split()
UNSEEN_EXTENSIONS = "scala hs proto vue diff gradle".split()
BARE_NAMES = "Makefile Dockerfile LICENSE README CHANGELOG TODO NOTES Procfile Gemfile .gitignore .env .bashrc".split()
UNSEEN_BARE_NAMES = "Rakefile Vagrantfile COPYING AUTHORS INSTALL .npmrc .profile".split()
COMMANDS = (
    "ls|ls -la|ls -l|pwd|date|whoami|git status|git log --oneline|git diff|uname -a|df -h|env|npm test|make test|make|"
    "pytest -q|cargo build|go test ./...|python3 --version|uptime|hostname|id|free -m|ps aux"
).split("|")
UNSEEN_COMMANDS = "ls -lh|git branch|git stash list|du -sh|ps|cal|cargo test|go build|arch|tox -q|npm ci|nproc".split(
    "|"
)
ROOTS = "/home /tmp /Users /var/log /etc /opt /srv /mnt /work /root /usr/share /private/var/folders".split()

FOREIGN = (
    "Grüße café naïve über señor façade 日本 привет été Ångström żółw → € ° 🙂 😀 “quoted” ‘so’ … – — Ελλάδα".split()
)


class Lexicon:
    """`unseen` draws the words from those kept back."""

    def __init__(self, rng: random.Random, *, unseen: bool) -> None:
        self.rng = rng
        self.unseen = unseen
        self._last_word = ""
        self._words = [word for word in WORDS if kept_back(word) == unseen]
        self._extensions = UNSEEN_EXTENSIONS + EXTENSIONS if unseen else EXTENSIONS
        self._bare_names = UNSEEN_BARE_NAMES if unseen else BARE_NAMES
        self._commands = UNSEEN_COMMANDS if unseen else COMMANDS

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def _everyday(self, probability: float) -> bool:
        return not self.unseen and self.chance(probability)

    def real_word(self) -> str:
        word: str = self.rng.choice(self._words)
        return word

    def word(self) -> str:
        """A word, or one that might be: who has seen enough of these copies instead of guessing."""
        if self._everyday(0.02):
            return self.rng.choice(EVERYDAY_WORDS)
        if self._last_word and not self.unseen and self.chance(0.05):
            # Copying has to know which of two like words it has come to.
            return self._last_word
        self._last_word = self.real_word() if self.chance(0.65) else self._made_up_word()
        return self._last_word

    def _made_up_word(self) -> str:
        first, second = self.real_word(), self.real_word()
        made = first[: self.rng.randint(1, 6)] + second[-self.rng.randint(1, 6) :]
        return self._stuttering(made) if not self.unseen and self.chance(0.12) else made

    def _stuttering(self, word: str) -> str:
        """With a part that comes again: who copies has to know when it has come for the last time.

        In training only, which is to be harder than the examination.
        """
        at, length = self.rng.randrange(len(word)), self.rng.choice((1, 1, 2, 3, 9))
        return word[:at] + word[at : at + length] * self.rng.randint(2, 4) + word[at + length :]

    def words(self, least: int, most: int) -> str:
        words = [self._any_word() for _ in range(self.rng.randint(least, most))]
        if len(words) > 1 and self.chance(0.07):
            # Copying has to know which of two like words it has come to.
            words[self.rng.randrange(len(words))] = self.rng.choice(words)
        return " ".join(words)

    def _any_word(self) -> str:
        kind = self.rng.random()
        return self.word() if kind < 0.95 else self.rng.choice(FOREIGN) if kind < 0.97 else self.gibberish()

    def gibberish(self, least: int = 2, most: int = 9) -> str:
        letters = self.rng.choice(
            (string.ascii_lowercase, string.ascii_lowercase + string.digits, string.ascii_letters + string.digits)
        )
        return "".join(self.rng.choice(letters) for _ in range(self.rng.randint(least, most)))

    def number(self) -> str:
        number = str(self.rng.randrange(10 ** self.rng.randint(1, 5)))
        return str(int(self._stuttering(number)[:6])) if not self.unseen and self.chance(0.1) else number

    def name(self) -> str:
        """Something that people call a file, a folder, a variable."""
        kind = self.rng.random()
        if kind < 0.35:
            return self.word()
        if kind < 0.45:
            return self.gibberish()
        first, second = self.word(), self.rng.choice((self.word(), self.number(), self.gibberish(1, 4)))
        if kind < 0.92:
            return first + self.rng.choice("_-_-.") + second
        return first.capitalize() + second.capitalize()

    def extension(self) -> str:
        """Mostly one that people use; who has also seen others copies any."""
        kind = self.rng.random()
        if kind < 0.78:
            return self.rng.choice(self._extensions)
        return self.gibberish(1, 5) if kind < 0.87 else self.word()[:6]

    def bare_name(self) -> str:
        kind = self.rng.random()
        if kind < 0.5:
            return self.rng.choice(self._bare_names)
        word = self.word()
        return (
            word.upper() if kind < 0.66 else word.capitalize() + "file" * (kind < 0.75) if kind < 0.84 else "." + word
        )

    def file_name(self) -> str:
        # A name without an extension may end a sentence, with a mark that does not belong to it.
        if self.chance(0.07 if self.unseen else 0.14):
            return self.bare_name()
        name = self.name()
        if self.chance(0.08):
            name = f"{name} {self.name()}"
        return self._cased(name) + "." + self.extension()

    def path(self) -> str:
        if self._everyday(0.06):
            return self.rng.choice(EVERYDAY_PATHS)
        folders = [self.name() for _ in range(self.rng.choice((0, 0, 0, 0, 0, 1, 1, 2)))]
        kind = self.rng.random()
        if kind < 0.3:
            start = [self.rng.choice(ROOTS), *(self.name() for _ in range(self.rng.choice((0, 0, 1, 1, 2))))]
        else:
            start = ["."] * (kind < 0.36) or [".."] * (kind < 0.4) or ["~"] * (kind < 0.43)
        return "/".join([*start, *folders, self.file_name()])

    def _cased(self, name: str) -> str:
        kind = self.rng.random()
        return name.upper() if kind < 0.06 else name.capitalize() if kind < 0.14 else name

    def sentence(self) -> str:
        text = self.words(2, 7)
        if self.chance(0.2):
            text = text.replace(" ", self.rng.choice((", ", " - ", ": ", "; ")), 1)
        if self.chance(0.15):
            text += " " + self.rng.choice((self.number(), self.gibberish(), self.path()))
        return text.capitalize() + self.rng.choice(("", ".", ".", ".", "!", "?"))

    def line(self) -> str:
        """One line of a file or of an output."""
        kind = self.rng.random()
        if kind < 0.55:
            return self.sentence()
        if kind < 0.65:
            return f"{self.name()}{self.rng.choice(('=', ': ', ' = ', ','))}{self.rng.choice((self.name(), self.number()))}"
        if kind < 0.72:
            return self.rng.choice(
                (f"# {self.sentence()}", f"- {self.words(1, 4)}", f"[{self.name()}]", f"* {self.word()}")
            )
        if kind < 0.79:
            return self.rng.choice(
                (
                    f'print("{self.words(1, 3)}")',
                    f"import {self.word()}",
                    f"def {self.word()}({self.word()}):",
                    f'{{"{self.word()}": "{self.word()}"}}',
                    f"return {self.name()}",
                    f"{self.word()}({self.number()}, '{self.word()}')",
                    f"C:\\{self.name()}\\{self.name()}",
                    f"\\{self.rng.choice('dws')}+ {self.word()} \\{self.gibberish(1, 2)}",
                )
            )
        if kind < 0.86:
            return self.path()
        if kind < 0.93:
            return " ".join(self.gibberish() for _ in range(self.rng.randint(1, 3)))
        return self.rng.choice((self.number(), f"{self.number()}.{self.number()}", f"{self.number()} {self.word()}"))

    def content(self) -> str:
        """Of a file, or an output; now and then more than Nano's template lets through."""
        if self._everyday(0.04):
            return self.rng.choice(EVERYDAY_TEXTS)
        if self.chance(0.03):
            return "\n".join(self.line() for _ in range(self.rng.randint(7, 14)))
        return (
            "\n".join(self._indented_line() for _ in range(self.rng.choice((1, 1, 1, 1, 1, 1, 2, 2, 3, 4)))).strip()
            or self.sentence()
        )

    def _indented_line(self) -> str:
        kind = self.rng.random()
        return "" if kind < 0.03 else "    " + self.line() if kind < 0.08 else self.line()

    def text(self) -> str:
        """Something short that a user dictates."""
        if self._everyday(0.06):
            return self.rng.choice(EVERYDAY_TEXTS)
        kind = self.rng.random()
        return self.words(1, 6) if kind < 0.6 else self.sentence() if kind < 0.85 else self.line()

    def command(self) -> str:
        made = (
            f"echo {self.words(1, 4)}", f"echo '{self.words(1, 3)}'", f"cat {self.plain_path()}", f"wc -l {self.plain_path()}",
            f"mkdir -p {self.name()}", f"mkdir {self.name()}/{self.name()}", f"touch {self.plain_path()}", f"rm {self.plain_path()}",
            f"python3 {self.plain_path()}", f"head -n {self.rng.randint(1, 99)} {self.plain_path()}", f"git checkout {self.name()}",
            f"git commit -m '{self.words(1, 4)}'", f"grep -r {self.word()} .", f"pip install {self.name()}", f"make {self.name()}",
            f"npm run {self.name()}", f"cp {self.plain_path()} {self.plain_path()}", f"mv {self.plain_path()} {self.plain_path()}",
            f"echo {self.word()} > {self.plain_path()}", f"./{self.name()}.sh {self.name()}", f"sort {self.plain_path()} | uniq -c",
            f"find . -name '*.{self.extension()}'", f"echo $(( {self.number()} + {self.number()} ))",
            f"{self.name()} --{self.word()}={self.name()}", f"{self.word()} {self.gibberish()}",
            self.word(), f"git {self.word()}", f"git {self.word()} {self.word()}", f"{self.word()} -{self.gibberish(1, 3)}",
            f"{self.word()} {self.word()} -{self.gibberish(1, 2)}", f"npm {self.word()}", f"cargo {self.word()} --{self.word()}",
            f"go {self.word()} {self.plain_path()}", f"{self.word()} {self.word()} | {self.word()} -{self.gibberish(1, 1)}",
        )  # fmt: skip
        return self.rng.choice(self._commands if self.chance(0.15) else made)

    def plain_path(self) -> str:
        return self.path().replace(" ", "_")

    def glob(self) -> str:
        extension = self.extension()
        return self.rng.choice(
            (
                f"*.{extension}",
                f"**/*.{extension}",
                f"{self.word()}/*.{extension}",
                f"{self.name()}*",
                f"**/{self.name()}.*",
            )
        )

    def quoted(self, text: str, marks: str = "\"'`") -> str:
        usable = [mark for mark in marks if mark not in text] or ['"']
        mark = self.rng.choice(usable)
        return mark + text + mark

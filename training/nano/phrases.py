"""How users put it. `[a|b]` is one of these; `{path}` and the like are filled in.

The first list of each pair is for training, the second is for the examination only.
"""

from __future__ import annotations

import random
import re

Phrases = tuple[list[str], list[str]]

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
PLEASE = (
    "[|||||Please |Please, |Can you |Could you |Would you |Will you |Can you please |Now |Then |Next, |First, |Hey, |Hi, "
    "|OK, |Nano, |Just |Quickly |Let us |You should |You must |I want you to |I need you to |I ask you to |Go ahead and ]"
)
WANT = "[I want|I need|I'd like|We need|We want|I have to have|Give me|Get me]"
FILLERS = [
    "kindly",
    "please",
    "just",
    "now",
    "then",
    "quickly",
    "again",
    "really",
    "simply",
    "once",
    "carefully",
    "right now",
    "for me",
    "if you can",
    "as well",
    "at once",
    "maybe",
    "also",
    "today",
    "only for a moment",
    "sorry, but",
    "well,",
    "so,",
    "ok,",
    "you know,",
    "my friend,",
    "next time",
    "here",
    "finally",
]
LOOSENED = 0.2
"""So much of what training shows has a word more than its list says: nobody keeps to a list."""
PLAIN = 0.08
"""So much of what training shows is said in the plainest words of all, with which most people begin."""
NOW = "[|||||| now|, please| please| for me|, thanks]"


def phrase(rng: random.Random, phrases: Phrases, *, unseen: bool) -> str:
    text = rng.choice(phrases[unseen])
    while _CHOICE.search(text):
        text = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), text, count=1)
    return text if unseen or rng.random() >= LOOSENED else _loosened(rng, text)


def plainest(phrases: Phrases) -> str:
    """Each list begins with it, and each choice."""
    text = phrases[0][0]
    while _CHOICE.search(text):
        text = _CHOICE.sub(lambda found: found[1].split("|")[0], text, count=1)
    return text


def _loosened(rng: random.Random, text: str) -> str:
    """With a filler in front of one of the words before the first hole: behind one it might belong to what is there."""
    words = text.split(" ")
    before = next((place for place, word in enumerate(words) if "{" in word), len(words) - 1)
    words.insert(rng.randint(0, max(0, before - 1)), rng.choice(FILLERS))
    return " ".join(words)


READ: Phrases = (
    [
        PLEASE + "read [|||the file |file |the ]{path}",
        PLEASE
        + "read [||the file |file ]{path}[ and |, then |; ][tell me|show me|say|report] [what it says|what is in it|what's in it|its content|the content|what stands there|what you see|the text]",
        PLEASE
        + "read [||the file ]{path} [for me|aloud|to me|out loud|please|and show it to me|and print it|and quote it]",
        "[What is|What's|What stands|What do you find|What do I have] in [||the file |file ]{path}",
        "[What does|What did|What will] [||the file |file ]{path} [say|contain|tell us|hold|look like]",
        PLEASE
        + "[show|show me|print|display|open|cat|view|output|list] [||the file |the content of |the contents of |the text of ]{path}",
        PLEASE + "tell me what [is in|stands in|is written in|is inside] [||the file ]{path}",
        PLEASE + "tell me what [||the file ]{path} [says|contains|has in it]",
        "I [want|need|would like|have] to [see|know|read] [what is in|the content of|what stands in|the text of|] {path}",
        PLEASE
        + "[look at|look into|have a look at|check|check out|take a look at|go through|inspect|examine] [||the file ]{path}[| and tell me what [it says|you find|is there|it contains|you see]]",
        PLEASE + "[give|get|fetch|load|bring|send] me the [content|contents|text|words] of [||the file ]{path}",
        "[In|Inside] {path}, what [does it say|is written|is there|stands there]",
        "[There is|I have|We have] a file [called |named |]{path}. [Read it|What does it say|What is in it|Show it to me|Tell me what it says]",
        "{path}[:|,| -|?] [read it|show it|what is in it|what's there|read this file|content please]",
        WANT + " the [content|contents|text|words] of [||the file |file ]{path}" + NOW,
        PLEASE + "read [||the file |file ]{path}" + NOW,
        "Let [me|us] [read|have|know|hear] [what is in|what stands in|the content of|the text of] {path}",
        "[Could I|Can I|May I] [see|read|have|know] [the content of|the text of|what is in|what stands in|] {path}",
        PLEASE + "[go to|find|take|pick] {path} and [read it|say what it says|show me its text|tell me what is in it]",
        "[I am curious|I wonder|I want to know|I ask myself|I would like to know|I forgot] what {path} [says|contains|tells us]",
        "[Any idea|Do you know|Do you see|Can you see|Can you say] what [is in|stands in|is written in|it says in] {path}",
        "[What|Which] [content|words] [does {path} contain|stand in {path}|are written in {path}|has {path}]",
        "[The file |]{path} [says|contains|holds] what",
        PLEASE
        + "[open|take|fetch|load] {path}[ and|, and|, then] [read it|read it out|show it|show me its text|say what it says|tell me what stands there]",
        "[I'd like|I would like|I want|I need] you to [open|show me|look at|check|go through|print] [||the file ]{path}",
        "I [would love|want|wish|have] to [learn|hear|find out|be told] what [stands in|is in|the text is in|they wrote in] {path}",
        "Let me [hear|find out|learn|look at] what {path} [contains|holds|tells|has]",
        "[May|Can|Could] you [kindly |please |]tell [me|us] [the words|the text|all] [of|in] {path}",
        PLEASE
        + "[open|take|get|load] {path}[ and|, and|, then] [read it|show it|print it|say it] [aloud|for me|to us|to all of us|to everybody]",
    ],
    [
        "Would you kindly read {path} and report what it contains",
        "Tell me the contents of {path}",
        "Let me see what {path} says",
        "Open {path} and read it to me",
        "I'd like you to read {path}",
        "{path}: what does it say",
        "What text is in {path}",
        "Please show what is inside {path}",
        "Read {path}, then tell me its text",
        "I need to know what the file {path} says",
    ],
)

READ_TWO: Phrases = (
    [
        PLEASE + "read [||the files |both ]{path} and {target}[| for me| and tell me what they say| and show me both]",
        PLEASE + "read {path} and [also |then |after that ]{target}[|, please]",
        "What [is in|do I find in|stands in] {path} and [|in |in the file ]{target}",
        "What do {path} and {target} [say|contain|hold|tell us]",
        PLEASE + "[show|show me|print|open|check|look at|cat|display] [||both |the files ]{path} and {target}",
        WANT + " [to see |to read |to know what is in |][||both ]{path} and {target}" + NOW,
        "[Read|Show|Open|Print] [these|both|two|these two] files: {path}[,| and] {target}",
        "{path} and {target}: [what do they say|read both|show both|what is in them]",
        PLEASE + "tell me what [is in|stands in|they wrote in] {path} and {target}",
        "Let [me|us] [see|read|know|have] [||both ]{path} and {target}",
        PLEASE + "read two files, {path} and {target}",
        "[Show|Give|Print] me the [contents|content|texts|words] of {path} and {target}",
        PLEASE + "tell me [the texts|all|the words|both contents] [of|in] {path} and {target}",
        PLEASE
        + "[open|load|take|get|fetch|find|check|visit] [both |the files |the two files ||]{path} and {target}"
        + "[, then| and then|; then| and also|, and] [show|print|display|report|quote|tell me] "
        + "[them|both|what they say|their text|what is in them|the two texts]",
        PLEASE
        + "[look at|go to|go through|look into] [both |both files, ||]{path} and {target}[,|;|] and "
        + "[show them|show me both|tell me what they say|print them|read them out|quote them to me]",
        "[Both|Two files:|These two:] {path} and {target}[.|,|;] [Read them|Open them|Show them|Print both]",
        "[I'd like|I want|We want|We'd like|I need] you to [open|show|print|check|look at|go through] "
        + "[both |||the files ]{path} and {target}",
        PLEASE
        + "[read out|quote|repeat|give me|fetch me] the [content|text|words|lines] [of both |in both |of |in |in the files ]"
        + "{path} and {target}",
        "[I wonder|I forgot|I want to know|I ask myself] what [||both ]{path} and {target} [say|contain|hold]",
    ],
    [
        "I would like you to read {path} and {target}",
        "Tell me the contents of {path} and {target}",
        "Please open both {path} and {target} and read them",
    ],
)

FIRST_LINE: Phrases = (
    [
        "[What is|What's|Tell me|Show me|Give me|Read me|Print|Show] the first line [of|in|from] [||the file ]{path}",
        PLEASE + "read {path} [and |, then ][tell me|show me|give me|print|quote] [|only |just ]the first line",
        "[How|With what words|With which line] does [||the file ]{path} [begin|start|open]",
        "[Only|Just] the first line of {path}[, please|]",
        "What [stands|is written|is] on line [1|one] of {path}",
        PLEASE + "[tell|show|give] me how {path} [begins|starts]",
        "[I want|I need|I would like|Get me|Let me have] [|just |only ][the first line|line 1|line one|the top line] of {path}",
        PLEASE
        + "[look at|open|check] {path} and [tell me|show me|give me|quote] [its first line|the first line|how it begins]",
        "[What|Which] line [is first|is the first one|stands first|is at the top|stands at the top] [in|of] {path}",
        "[Which|What] line does {path} [begin|start|open] with",
        PLEASE + "[show|tell|give] me the [beginning|start|top line|opening line] of {path}",
        "[All|What|The only thing] [I need|I want][ is|:] the first line [of|in|from] [||the file ]{path}",
        "[Only|Just] [its|the] first line[: |, ]{path}",
        "[Take|Open|See|Check|Look at] {path}[. |; |: ][What is|What's|Tell me|Show me|Give me|Quote] [its|the] [first|top|opening] line",
        "{path}[: |, | - ][first line|the first line|line one|its first line][| only| please|, please]",
        PLEASE + "[tell|show] me [what|which] line [stands|is|you see] [first|at the top] in [||the file ]{path}",
        PLEASE
        + "[print|show|quote|read out|get|fetch] [|just |nothing but ][the first line|line 1|line one|the top line] of {path}",
        "[Which|What] line [does one see|do you see|do I find|would I read] first in [||the file ]{path}",
        "[The file|In the file|See] {path}: which line [is the first|opens it|does it begin with|stands first]",
        "[Say|I wonder|I want to know] [which|what] [line|words] [open|begin|start] {path}",
        PLEASE + "read {path}[ and|. Then|; then] [say|tell me] what [the|its] [first|top] line is",
    ],
    [
        "I only need the first line of {path}",
        "Read {path}. What is its first line",
        "Tell me which line comes first in {path}",
        "Please print only the first line of {path}",
    ],
)

WRITE: Phrases = (
    [
        PLEASE
        + "write {text} [to|into|in] [|||the file |a file |a file called |a file named |a new file |a new file called ]{path}",
        PLEASE
        + "[create|make|add|start] [|||a file |the file |a file called |a new file |a file named ]{path} [with the content|containing|with the text|that says|which contains|with the words|that contains|with|and write] {text}",
        PLEASE + "[save|store|keep|put] {text} [as|in|to|into] [|||the file |a file called |a new file ]{path}",
        PLEASE + "[create|make|write] [||a file ]{path}[: |; content: | with this text: | with this content: ]{text}",
        "[I want|I need|Make me|Give me] a [|new |text ]file [|called |named ]{path} [that says|with the text|containing|with] {text}",
        WANT + " [|to have ]{text} [in|inside] [||the file |a file |a new file |a file called ]{path}",
        PLEASE
        + "[put|save|write|place|insert|add] the [text|words|word|line|sentence|content] {text} [in|into|to] [||the file |a file |a file called |a new file ]{path}",
        "[A|One] [|new |text ]file [||called |named ]{path} [with|containing|that says|with the words] {text}[|, please]",
        PLEASE
        + "[make|create|start|open] [||a file |the file ]{path}[ and|, then] [put|save|add|store] {text} [in it|into it|there|inside]",
        "[||The file |A file ]{path} [should|must|shall|has to] [say|contain|hold|read|have the text] {text}",
        "[In|Into|To] [||the file |a new file |a file called ]{path}[, | ][please |][write|put|save|store] {text}",
        "[We need|I'd like|I need|I have to have] [a|the] file {path} [with the words|which says|that contains|with] {text}",
        PLEASE + "fill [||the file ]{path} with {text}",
        PLEASE
        + "[write|save|put|keep|note|record] [the words|the text|the line|the sentence|this:|this text:|] {text} [to|into|in] {path}",
        PLEASE
        + "[open|create|start|make|begin] {path} and [put|save|add|type|note] [the text |the words |this: |]{text}[| into it| there| inside]",
        "[I'd like|We'd like|I wish to have|I want to have] [a|one] [|new |text |small ]file {path} [with|containing|holding|saying|which contains] {text}",
        PLEASE
        + "[make|create|write|produce] [a|the|one] file {path} [with|having|of] the [text|words|content|line|following content]: {text}",
        "{path}[: | should contain | = |; text: |; content: ]{text}[|, please]",
        PLEASE + "[note|write] [down |]{text} in [||the file |a file |my file ]{path}",
        "[Text|Content|Words]: {text}[; |. |, ][File|Path|Save as|Write it to|Put it in]: {path}",
        PLEASE + "[let|have] {path} [contain|say|hold] {text}",
        "[The words|The text|The line] {text} [should be|must be|belong|belongs|should go|must stand|goes] in [||the file |a file called ]{path}",
        PLEASE
        + "[make|start|open|add] [||the file |a file |a file named ]{path} and write {text} [in it|into it|inside|there|in the file]",
        "[Create|Make] {path} and [note|type|print|place] {text} [in it|into it|there]",
        PLEASE
        + "[save|write|place|insert|store] the [text|words|line|sentence] {text} [in|into|to|inside] [a file named|a new file named|a file called|my file] {path}",
        PLEASE + "[keep|save|put down] the words {text} [in|into|inside] [||the file ]{path}",
        PLEASE + "put [into|in] [||the file |a file named ]{path}[ the words|:| this:| the text|] {text}",
        PLEASE
        + "[keep|store|save|put down] the [text|line|sentence|content|word] {text} [in|into|inside] [||the file ]{path}",
        PLEASE + "[make|start|create] [||a file |the file ]{path} with {text} [in it|inside|as its text|as content]",
        "[The words|These words|The text]: {text}[. |; |, ][They belong|It belongs|Store it|Keep it] in {path}",
    ],
    [
        "Please put the text {text} into a file named {path}",
        "I would like a file {path} that says {text}",
        "Create {path} and write {text} in it",
        "Store the words {text} in {path}",
        "Write a file {path} with the content {text}",
    ],
)

EDIT: Phrases = (
    [
        PLEASE + "replace {old} [with|by] {new} in [||the file ]{path}",
        PLEASE + "change {old} [to|into] {new} in [||the file ]{path}",
        "In [||the file ]{path}[, | ][please |][replace|change|swap|exchange] {old} [with|to|for|by] {new}",
        PLEASE
        + "[edit|update|modify|fix|correct] [||the file ]{path}[: |, | and |; ][replace|change|turn] {old} [with|to|into|by] {new}",
        "[There is|I see] {old} in {path}[. Make it|; change it to|. Change that to|. It should be] {new}",
        "[I want|I need|We need|I'd like|I would like] {old} [changed|turned|exchanged|swapped|to be changed] [to|into|for] {new} in [||the file ]{path}",
        "[I want|I need|I'd like|There should be|Write|Put|Use] {new} [instead of|in place of] {old} in [||the file ]{path}",
        PLEASE + "[open|take|look at|visit] {path} and [change|turn|exchange|edit] {old} [to|into|for] {new}",
        "{old} [should|must|has to] [be|become|read] {new} in {path}",
        "[The|Every|That] {old} in {path} [should|must|has to] [be|become|read] {new}",
        "{path}: [replace|change|turn|exchange] {old} [with|to|into|for|by] {new}",
        PLEASE + "[make|turn] {old} [|into ]{new} in {path}",
        PLEASE
        + "[go into|go through|visit|look into] {path} and [change|turn|exchange|swap] {old} [to|into|for|with] {new}",
        "[Inside|Within] {path}[,|:] [replace|turn|exchange|swap] {old} [with|into|for|by] {new}",
        "[Within|In] {path}[:|,] {old} [should be|becomes|must turn into|is to be] {new}",
        PLEASE + "[substitute|exchange|swap] {old} [with|by|against] {new} [in|inside] [||the file ]{path}",
        "[In|Within] {path} {old} [should be|must be|becomes] {new}",
        "[I need|I'd like|We want|I would like|We'd like] {old} [replaced|substituted|exchanged] [by|with|for] {new} [in|inside] {path}",
        PLEASE + "[trade|switch|exchange|substitute] {old} [with|against|for] {new} [in|inside] {path}",
        "[Go to|Open|In|Inside] {path}[: |; |. ][Replace|replace|change|Change|exchange] {old} [by|into|for|with] {new}",
        "[All|Every] {old} in {path} [is|are] to be [replaced|exchanged|changed] [by|with|to|into] {new}",
    ],
    [
        "Go to {path} and replace {old} with {new}",
        "Inside {path}, change {old} to {new}",
        "I want {old} replaced with {new} in {path}",
        "Swap {old} for {new} in {path}",
    ],
)

COPY: Phrases = (
    [
        PLEASE
        + "read {path} and [write|save|copy|put|store] [its content|the content|what it says|the text|its text|that|it] [to|into|in] [||a new file |the file ]{target}",
        PLEASE + "[copy|duplicate] [|the content of |the text of |what is in |the file ]{path} [to|into] {target}",
        PLEASE + "[write|save|put] [the content|the contents|the text] of {path} [to|into|in] {target}",
        PLEASE + "[make|create] a copy of {path} [called|named|in|as|at] {target}",
        PLEASE + "[fill|make|start] [||a file ]{target} with [what is in|the text of|what stands in] {path}",
        "[In|Into|To] {target}[, |: ][write|put|save] [the content|the text] of {path}",
        "{target} should [have|get|hold] the [same |]text as {path}",
        "[Read|Open|Take] {path}[, then|; then|. Then] [write|save|put] [it|the same text|its content] [to|into|in] {target}",
        "[I want|I need|I'd like|We need] [the text|the content|what is] [of|in] {path} [copied to|in|written to|saved in|stored in] {target}",
        PLEASE
        + "[take|get|use|fetch] [what is in|the content of|what stands in|the words of] {path} and [put|save|store|copy] it [in|into|to] {target}",
        WANT + " a [copy|duplicate] of {path} [in|called|named|as] {target}",
        PLEASE
        + "[open|look at|check] {path} and [write|put|save|store] [what you find|what you see|all of it|the whole text] [in|to|into] {target}",
        PLEASE
        + "[create|make|write] [||the file ]{target} [with|from] [the text of|the words of|what is in|all of] {path}",
        "{path} [should|must|has to] be [copied|written|saved] [to|into|as] {target}",
        PLEASE + "[back up|clone|copy] [||the file ]{path} [to|as|into] {target}",
        PLEASE
        + "[read|open] {path}[ and after that|, and then|; after that|. After that,] [store|keep|put|write] [its text|all of it|what is there|what you read] [in|to] {target}",
        PLEASE + "[make|produce|start] {target} [from|out of|with the same text as|as a copy of|like] {path}",
        "[We want|I'd like|There should be|Make] a [copy|second copy|duplicate] of {path} [in|under|as|with the name] {target}",
        "[I need|I'd like|We need|Make me] [another|one more|a second] copy of {path} [at|in|under|as] {target}",
        PLEASE
        + "create {target} [and put|and fill it with|holding|that has] the [content|text|words] of {path}[| in it]",
        PLEASE
        + "[take|get|fetch] the [content|words|lines] of {path} and [put|save|copy|add] [it|them] [in|into|to] {target}",
    ],
    [
        "Please read {path} and then save what it says in {target}",
        "Create {target} with the content of {path}",
        "Take the text of {path} and write it to {target}",
        "I need a copy of {path} at {target}",
    ],
)

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
NOW = "[|||||| now|, please| please| for me|, thanks]"


def phrase(rng: random.Random, phrases: Phrases, *, unseen: bool) -> str:
    text = rng.choice(phrases[unseen])
    while _CHOICE.search(text):
        text = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), text, count=1)
    return text


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
    ],
    [
        "I only need the first line of {path}",
        "Read {path}. What is its first line",
        "Tell me which line comes first in {path}",
        "Please print only the first line of {path}",
    ],
)

BASH: Phrases = (
    [
        PLEASE
        + "[run|execute|start|try|launch|do] [|||the command |the shell command |this command: |this: ]{command}",
        PLEASE
        + "[run|execute|try] [||the command ]{command}[ and |, then |; ][tell me|show me|report|give me] [the output|the result|what it prints|what it says|what comes out|what happens]",
        PLEASE + "[run|execute] {command} [in the shell|in bash|in the terminal|for me|with bash|on the command line]",
        "What does {command} [print|output|say|return|show|give]",
        "[What is|What's|Show me|Tell me|Give me|I want|I want to see] the [output|result] of {command}",
        "[Use|With] [bash|the shell|the terminal] to [run|execute] {command}",
        "[In the shell|In bash|In a terminal|On the command line][, |: ][run|execute|type] {command}",
        WANT + " [|to see |to know ][what comes out of|the result of|all that is printed by] {command}",
        "[I want|I need|I would like|We need] {command} [run|executed|started|to be run|to be executed]",
        "Let [me|us] [see|know|have] [the output|the result] of {command}",
        "[Enter|Put|Give] {command} [in|into|to] [the shell|bash|a terminal]",
        "[What|Which] [output|result] [has|gives|comes from] {command}",
        PLEASE
        + "[run|execute|try] {command}[ and|, then|, and] [let me know|let me see|say|write|tell me] what [comes out|it gives|it prints|happens|you get]",
        PLEASE + "[enter|type|give|put] {command} [in|at|on] [the terminal|a shell|the prompt|the command line]",
        PLEASE + "[get|fetch|bring|find] [me |][the output|the result] of {command}",
        "[What happens|What comes out] [when you run|if you run|when I run|with] {command}",
    ],
    [
        "I need the output of {command}",
        "Kindly execute {command} and report back",
        "Type {command} into the shell",
        "Let me see what {command} prints",
        "Could you please run {command} now",
        "Run {command} and let me have the result",
    ],
)
BARE_COMMAND_LAST = (
    [
        PLEASE + "[run|execute|start|try] [|||the command |the shell command |this command: |this: ]{command}",
        "[In the shell|In bash|In a terminal][, |: ][run|execute|type] {command}",
        "[Use|With] [bash|the shell|the terminal] to [run|execute] {command}",
        "[I want|I need|I would like|We need] this [run|done|started|to be run|to be executed]: {command}",
        "[This|The following|This command] [should|must|has to] be [run|executed|done|started]: {command}",
        "[Command|Shell|Terminal|Execute this|The command is|To be executed][: |:\n]{command}",
    ],
    ["Could you please run {command}", "I want this executed: {command}", "Bash: run {command}"],
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
        PLEASE + "put [into|in] [||the file |a file named ]{path}[ the words|:| this:| the text|] {text}",
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
        "[Within|In] {path}[:|,] {old} [should be|becomes|must turn into|is to be] {new}",
        PLEASE + "[substitute|exchange|swap] {old} [with|by|against] {new} [in|inside] [||the file ]{path}",
        "[In|Within] {path} {old} [should be|must be|becomes] {new}",
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
    ],
    [
        "Please read {path} and then save what it says in {target}",
        "Create {target} with the content of {path}",
        "Take the text of {path} and write it to {target}",
        "I need a copy of {path} at {target}",
    ],
)

RUN_AND_SAVE: Phrases = (
    [
        PLEASE
        + "[run|execute] {command} and [write|save|put|store] [the output|the result|what it prints] [to|in|into] [||a file ]{path}",
        PLEASE + "[write|save|put] the [output|result] of {command} [to|in|into] {path}",
        "[Run|Execute] {command}[, then|; then|. Then] [write|save|put] [the output|the result|it] [to|in|into] {path}",
        "[I want|I need|I'd like|We need] [the result|what comes out|all that is printed] [of|by] {command} [saved in|in|stored in|put in] {path}",
        PLEASE + "[take|get] [the output|the result] of {command} and [put|save|store] it [in|into] {path}",
        PLEASE + "[fill|create|make] {path} with [the output|the result] of {command}",
        PLEASE
        + "[run|execute|start] {command} and [keep|store|write down] [what it says|what comes out|what it prints] in {path}",
        "{path} [should|must] [contain|hold|get] the [output|result] of {command}",
        "The [output|result] of {command} [should|must|has to] [go|be written|be saved] [to|into] {path}",
        PLEASE
        + "[run|execute|try|start] {command}[ and after that|, and then|; after that|. After that,] [keep|save|put|write] [the output|the result|all it prints] [in|to] {path}",
        WANT + " [the output|the result|what comes out] of {command} [in|saved in|inside|kept in] [||the file ]{path}",
    ],
    [
        "Please execute {command} and then save its output in {path}",
        "I want the output of {command} written to {path}",
    ],
)

GREP: Phrases = (
    [
        PLEASE
        + "[search|look] for {pattern}[| in the [code|files|project|folder|source|repository]| here| everywhere| in all files]",
        PLEASE + "grep [||for ]{pattern}[| in [the code|this folder|the project|all files]]",
        PLEASE + "find {pattern} in [the code|all files|this project|the source|the files|the folder|this repository]",
        "Where [is|was] {pattern} [used|defined|mentioned|called|set]",
        "Where does {pattern} [occur|appear|stand|come from]",
        "[Which|What] files [contain|mention|use|have|include] {pattern}",
        PLEASE + "[search|scan] [the code|all files|the project|the files|everything] for {pattern}",
        "[I want|I need|I would like] to [find|know|see] [where {pattern} is|all uses of {pattern}|every {pattern}|where {pattern} stands]",
        PLEASE + "[go|search] through [the code|all files|the files|this folder] for {pattern}",
        "[Does any file|Does some file|Does the code|Do the files|Do some files] [contain|mention|use|have] {pattern}",
        PLEASE
        + "[show|list|give] me [every place|all places|the lines|the files|every line] [with|that mention|where it says] {pattern}",
        "[Is|Was] {pattern} [used|mentioned|defined|called] [anywhere|somewhere|in the code|in this project]",
        "In which [file|folder|place|line] [is|stands|do I find] {pattern}",
        PLEASE
        + "[look|go|search] [in|through|over] [the repository|this project|this folder|my code|the source] for {pattern}",
        PLEASE
        + "[find|see|check|tell me|show me] [out |]where [the code uses|we use|I use|somebody wrote|one finds] {pattern}",
    ],
    [
        "In which files does {pattern} appear",
        "Look through the project for {pattern}",
        "Please find where {pattern} is used",
    ],
)

GLOB: Phrases = (
    [
        PLEASE
        + "[list|show|find|give me|show me|get] [|all |the |all the ]files [matching|that match|like|named|with the pattern|for] {glob}",
        "[Which|What] files match {glob}",
        PLEASE + "[glob|list] {glob}",
        "[Are there|Do we have|Do I have] files [like|matching|named] {glob}",
        "[I want|I need|Show me|Get me|Give me] [a list of|the names of|] [all|the|those] files [like|matching|named|that are called] {glob}",
        "[What|Which] files [match|fit|are named|are called|look like] {glob}",
        "[What|Which] files [like|named|matching] {glob} [are there|do we have|exist|do you find]",
        PLEASE + "find [files|all files|every file|the files] [like|matching|named] {glob}",
        "[All files|Every file|The files] [like|matching|named] {glob}[|, please]",
        "Where are the files {glob}",
        PLEASE + "[tell|show] me [which|what] files [are like|match|fit|there are for] {glob}",
        "[Every|Each|Any] file [that is like|like|named|matching] {glob}",
    ],
    [
        "Name every file that matches {glob}",
        "Let me see the files matching {glob}",
        "What files are there like {glob}",
    ],
)

NAMED_TOOL: Phrases = (
    [
        PLEASE + "use the {tool} tool [with|for|on] {argument}",
        PLEASE + "use {tool} [with|for|on] {argument}",
        PLEASE + "call [||the tool |the ]{tool} [with|for|on] {argument}",
        PLEASE + "run the {tool} tool [on|with|for] {argument}",
        PLEASE + "[try|apply|take] [the |]{tool} [tool |][on|with|for] {argument}",
        "[With|Using|By] the {tool} tool[, |: ][look up|get|process|check|handle|do] {argument}",
        "[I want|I need|I'd like|We need] the {tool} tool [for|on|with|to do] {argument}",
        PLEASE + "[give|pass|send|hand] {argument} to [the |]{tool}[| tool]",
        PLEASE + "[ask|start|trigger|query] [the |]{tool}[ tool|] [with|for|about] {argument}",
        "{tool} [with|on|for] {argument}",
        PLEASE + "[call|start|try] the tool {tool} [with|on] {argument}",
        "The {tool} tool [should|must|can] [do|handle|get|see|look at] {argument}",
        PLEASE + "[let|make|have] [the |]{tool}[ tool|] [do|get|see|check|try|work on|process] {argument}",
        PLEASE
        + "[use|take|call] [the tool |the function |]{tool} [on|with|to handle|and give it|with the argument|with the value] {argument}",
        "[It is|Time] for {tool}[: |, with |, on ]{argument}",
        "[What does|What would] [the |]{tool}[ tool|] [say to|do with|make of|give for] {argument}",
    ],
    [
        "Please invoke the {tool} tool with {argument}",
        "Let {tool} handle {argument}",
        "Use the tool {tool} for {argument}",
        "Have the {tool} tool look at {argument}",
    ],
)

"""How users put what is to be run or searched for, or which tool they want; as in `phrases.py`."""

from __future__ import annotations

from training.nano.phrases import PLEASE, WANT, Phrases

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
        "Let me [know|hear|find out] what {command} [gives|says|shows|returns|does|prints]",
        "[I want|I would like|I need|We need] to [see|know] what {command} [prints|gives|says|does|returns]",
        PLEASE + "[see|check|find out|look] what {command} [prints|gives|says|shows|does]",
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

BARE_COMMAND_LAST: Phrases = (
    [
        PLEASE + "[run|execute|start|try] [|||the command |the shell command |this command: |this: ]{command}",
        "[In the shell|In bash|In a terminal][, |: ][run|execute|type] {command}",
        "[Use|With] [bash|the shell|the terminal] to [run|execute] {command}",
        "[I want|I need|I would like|We need] this [run|done|started|to be run|to be executed]: {command}",
        "[This|The following|This command] [should|must|has to] be [run|executed|done|started]: {command}",
        "[Shell|Terminal|Console|In the shell][: |, ][run|execute|start|do] {command}",
        "[Command|Shell|Terminal|Execute this|The command is|To be executed][: |:\n]{command}",
    ],
    ["Could you please run {command}", "I want this executed: {command}", "Bash: run {command}"],
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
        PLEASE
        + "[execute|run|start|do] {command} [and then|and afterwards|, then|and] [put|keep|write|store] its [result|output|text] [into|to] [||the file ]{path}",
        "[I need|I'd like|We want|There must be] the [output|result|words] of {command} [put into|written in|stored in|kept in|sent to|in] {path}",
        PLEASE
        + "[save|store|keep|write] [to|in|into] {path} [what|all that|whatever] {command} [prints|says|gives|returns]",
        "[First|Please|] [run|execute] {command}[. |; ][Then|After that][, | ][save|keep|put|write] [what it printed|its output|the output|all of it] [in|to|into] {path}",
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
        PLEASE
        + "[find|see|check|tell me] [out |]where {pattern} [is|was|gets] [found|called|written|mentioned|set|defined]",
        PLEASE + "[look|search|go] through [my|our|this|the whole] [files|code|folder|repository|source] for {pattern}",
        "In which [files|places|lines|folders] [does {pattern} stand|is {pattern}|do we have {pattern}|do you find {pattern}]",
        "[Where|In what files] [do we|do I|does the code|does anybody] [use|have|call|mention] {pattern}",
        PLEASE + "look [up|for] {pattern}[| in the files| in our code]",
        PLEASE + "[find|see|check|find out] where {pattern} [is|was] [needed|imported|used by us|called|to be found]",
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
        PLEASE
        + "[list|show|find|get|tell me|give me] [every|each|any|the] file that [matches|fits|is named|is called] {glob}",
        "Let me [know|have|get] [the|all|which|all the] files [|are ][like|that match|for] {glob}",
        "What files [do you see|do we have|exist|can you find] [like|for|with] {glob}",
        "[Which|What] files [are here|have we|are in here|can be found] like {glob}",
        "[Names|The names|A list] of [every|each|all|the] [file|files] [that match|that matches|like|with] {glob}",
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
        PLEASE
        + "[let|make|have] [the |]{tool}[ tool|] [manage|treat|take care of|deal with|have a look at|work with|see to] {argument}",
        PLEASE + "[activate|fire|execute|employ|start] [the |]{tool}[ tool|] [with|on|for] {argument}",
        PLEASE + "[use|take|try] the tool {tool} [on|with|to get|to do] {argument}",
    ],
    [
        "Please invoke the {tool} tool with {argument}",
        "Let {tool} handle {argument}",
        "Use the tool {tool} for {argument}",
        "Have the {tool} tool look at {argument}",
    ],
)

GLOB_LANGUAGE: Phrases = (
    [
        PLEASE
        + "[find|list|show|show me|get|give me|look for|search for] [|all |the |all the |every |my |all my ]{language} files[|| here| in this project| in the repository| in this folder]",
        "[Which|What] {language} files [are here|are there|do I have|do we have|exist|are in this folder|does this project have]",
        "Where are [|my |the |all |all the |our ]{language} files",
        "[Are there|Do we have|Do I have|Have we] [|any |some ]{language} files[| here| in this project| in this folder]",
        "[I want|I need|I'd like|We need] [|all |the |all the |to see all |a list of the |a list of all ]{language} files",
        "[All|All the|The] {language} files[|, please| of this project| in this folder]",
        PLEASE + "[tell me|say] [which|what] {language} files [there are|exist|we have|you find|are here]",
        PLEASE + "[show|list|find|print|give me|get] [every|each|any|every single] {language} file[|| here| you find]",
        "[Every|Each] {language} file[|, please| in this project]",
    ],
    ["Name every {language} file", "Let me see the {language} files", "Please go and find the {language} files"],
)
LANGUAGES = {
    "Python": "py", "JavaScript": "js", "TypeScript": "ts", "Markdown": "md", "text": "txt", "JSON": "json", "Go": "go",
    "Rust": "rs", "Java": "java", "C": "c", "HTML": "html", "CSS": "css", "YAML": "yaml", "shell": "sh", "Ruby": "rb",
    "SQL": "sql", "CSV": "csv", "log": "log", "XML": "xml", "PDF": "pdf", "Swift": "swift", "PHP": "php",
}  # fmt: skip

LIST_FILES: Phrases = (
    [
        PLEASE
        + "[list|show|show me|print|display|give me] [|all |the |all the |my |me the |every |all my ][files|file names|folders and files][|| here| in this folder| in this directory| in the current folder| in the current directory| in the folder]",
        "[What|Which] files [are here|are there|are in this folder|do I have|do we have|exist here|are in the current directory|are in this directory|have we here]",
        "[What is|What's|What do we have|What do I have] in [this|the|the current|my] [folder|directory]",
        PLEASE + "[show|show me|list|display|look at] [this|the|the current|my] [folder|directory]",
        PLEASE + "[show|list|print|tell me] the [content|contents] of [this|the|the current|my] [folder|directory]",
        "[I want|I need|I'd like|I would like|Let me|We want] [to |]see [|all |the |all the |my ]files[| here| in this folder]",
        "[Have a look|Look|Take a look] around[| here]",
        PLEASE + "[tell me|say] [what|which] files [there are|are in this folder|you see|we have|exist]",
        "[All|All the|The] files[, please| in this folder| in this directory|, all of them]",
        PLEASE + "[tell me|say|show me] what [is in|lies in|one finds in] [this|the|the current|my] [folder|directory]",
        PLEASE + "[show|print|give me] [every|each] file [here|that is here|of this folder|in this folder]",
        "What does [the|my|the current] [folder|directory] [contain|hold]",
    ],
    ["Please list every file you find here", "What files do you see in here", "Tell me what this folder contains"],
)

WORKING_DIRECTORY: Phrases = (
    [
        "[Where am I|Where are we][| now| right now| here]",
        "[What|Which] [folder|directory] [am I in|are we in|is this|are you in|do we work in|are you working in]",
        PLEASE
        + "[show|tell|give|print] me the [|path of the ][current|working|current working|present] [folder|directory]",
        "[What is|What's|Say] the [|path of the |name of the ][current|working|current working|present] [folder|directory]",
        PLEASE + "[print|show|tell me] [the working directory|the current path|where we are|where I am]",
        "[In|Under] [which|what] [folder|directory|path] [am I|are we|do we work]",
        "The [current|working] [directory|folder][|, please]",
    ],
    ["In which folder are you now", "Tell me the path of this directory"],
)

DATE: Phrases = (
    [
        "[What|Which] [date|day] [is it|is today|do we have][|| today| now]",
        "What [time is it|is the time|is the date|is today's date|is the time now][|| now| here]",
        PLEASE + "[tell|give|show] me [the date|the time|today's date|what day it is|what time it is][|| now]",
        "[What's|What is|Say|Print] [the date|the time|today's date|the date today|the current time|the current date]",
        "[I need|I want|I'd like] [|to know |to have ][the date|the time|today's date|the current time]",
        "[How late is it|Do you have the time|Do we know the date][| now]",
    ],
    ["Can you say what the date is", "Do you know what time it is"],
)

USER_NAME: Phrases = (
    [
        "Who am I[| here| on this machine]",
        "[What is|What's|Tell me|Show me|Print|Say] my [user name|username|login|login name|user]",
        "[Which|What] user [am I|is this|do I work as|is logged in|are we]",
        PLEASE + "[tell me|say|show me] [who I am|which user I am|what user this is]",
        "[As|Under] [which|what] user [am I logged in|do I run|are we here]",
    ],
    ["Do you know my user name", "Tell me as which user I work"],
)

EVERYDAY = {"ls": LIST_FILES, "pwd": WORKING_DIRECTORY, "date": DATE, "whoami": USER_NAME}
"""Commands that people ask for by what they are for."""

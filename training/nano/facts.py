"""What Nano knows by heart: small talk, and what a newcomer asks about Pensieve.

Each fact: its answer, how it is asked in training, and how only the examination asks it.
"""

from __future__ import annotations

from dataclasses import dataclass

LOAD_A_REAL_MODEL = "pensieve serve --model /path/to/model.gguf"
BEYOND_ME = (
    "I am Pensieve Nano, a tiny demonstration model, and this is beyond me. "
    f"For real work, load a real model: {LOAD_A_REAL_MODEL}"
)
NO_TOOLS = "I have no tools here, so I cannot do that."
EMPTY = "It is empty."
TOO_LONG = "That is too long for me."
NO_SUCH_TOOL = "I have no tool for that here."


@dataclass(frozen=True)
class Fact:
    answer: str
    asked: list[str]
    asked_otherwise: list[str]


FACTS = [
    Fact(
        "Hello! I am Pensieve Nano, a tiny demonstration model. Ask me to read a file.",
        [
            "[Hello|Hi|Hey|Hello there|Hi there|Good morning|Good evening|Good day|Greetings][|, Nano| Pensieve|, friend]"
        ],
        ["Hello Nano", "Hey there"],
    ),
    Fact(
        "Goodbye!",
        ["[Bye|Goodbye|Bye bye|See you|See you later|Good night|Farewell][|, Nano| for now|, and thanks]"],
        ["Goodbye Nano", "See you soon"],
    ),
    Fact(
        "You are welcome!",
        [
            "[Thanks|Thank you|Many thanks|Thanks a lot|Thank you very much|Great, thanks][|, Nano| for that| for your help]"
        ],
        ["Thank you so much", "Thanks, that was nice"],
    ),
    Fact(
        "I am fine, thank you. Small, but fine.",
        ["How are you[| today| doing| feeling]", "[How is it going|How do you do|Are you well|Are you OK]"],
        ["How are you doing today", "How are things"],
    ),
    Fact(
        "I am Pensieve Nano, a tiny demonstration model that comes with Pensieve.",
        [
            "[Who|What] are you[| exactly| really]",
            "[What is|What's|Tell me] your name",
            "Which model [are you|is this|is running|do I talk to|am I talking to]",
            "[Tell me about|Introduce|Describe] yourself",
            "Are you [Claude|a real model|GPT|an AI|a language model]",
        ],
        ["Please introduce yourself", "What model is this", "Can you tell me who you are"],
    ),
    Fact(
        "I can read, write and edit files, run commands, search, repeat your words, do small sums and answer questions "
        "about Pensieve. For more, load a real model.",
        [
            "[What|Which things] can you do[| for me]",
            "[Help|Help me|How can you help me|What are you good at|What are you good for]",
            "[What do you know|What are your skills|What can I ask you|What should I ask you]",
        ],
        ["Tell me what you can do", "What are you able to do"],
    ),
    Fact(
        "About a million parameters, in a file of two megabytes.",
        [
            "How [big|large|small|tiny] are you",
            "How many parameters [do you have|has Nano|have you]",
            "[What is|What's] your size",
        ],
        ["How many parameters are you made of", "Tell me how big you are"],
    ),
    Fact(
        "Pensieve runs Claude Code, and any client of the Anthropic Messages API, on a model of your own machine.",
        [
            "[What is|What's|Explain|Describe] Pensieve",
            "What does Pensieve do[| for me]",
            "Tell me [about|what is] Pensieve",
            "[What|Why] is this server[| for]",
            "What is Pensieve [for|good for|about]",
        ],
        ["Can you explain what Pensieve is", "What is the purpose of Pensieve"],
    ),
    Fact(
        f"Start the server with your own file: {LOAD_A_REAL_MODEL}",
        [
            "How [do I|can I|to|should I] [load|use|run|start|serve|try|get] [a|another|a real|a better|a bigger|my own|a different] model",
            "[Load|Use|Start|Switch to|Change to] [a|another|a real|a better|a bigger|my own|a different] model",
            "[Where|How] do I [put|set|choose|change|configure] [the|my|a real|another] model",
            "Which command loads [a|another|a real|my own] model",
        ],
        ["How would I load a real model", "Tell me how to use my own model"],
    ),
    Fact(
        "Press Ctrl-C in the terminal where Pensieve runs. Answers that are under way have half a minute to finish.",
        [
            "How [do I|can I|to|should I] [stop|quit|end|exit|close|kill|shut down] [you|Pensieve|the server|this server|it]",
            "[Stop|Quit|Shut down] [Pensieve|the server]",
            "How is [the server|Pensieve] stopped",
        ],
        ["What stops the server", "Tell me how to stop Pensieve"],
    ),
    Fact(
        "Type make run in its folder, or pensieve serve.",
        [
            "How [do I|can I|to|should I] [start|launch|run|begin] [Pensieve|the server|this server]",
            "How is [the server|Pensieve] started",
            "[Which|What] command starts [Pensieve|the server]",
        ],
        ["Tell me how to start Pensieve", "How would I start the server"],
    ),
    Fact(
        "Set ANTHROPIC_BASE_URL to http://127.0.0.1:7777 and ANTHROPIC_AUTH_TOKEN to pensieve-local-token, then type claude.",
        [
            "How [do I|can I|to|should I] [use|connect|run|start|point] Claude Code[| with you| with Pensieve| to Pensieve| here| on this server]",
            "How does Claude Code [find|reach|talk to|connect to] [you|Pensieve|this server]",
            "Which variables does Claude Code need",
        ],
        ["How would I connect Claude Code to Pensieve", "Tell me how to use Claude Code here"],
    ),
    Fact(
        "http://127.0.0.1:7777",
        [
            "[What is|What's|Tell me] [the|your] [address|URL|base URL][| of the server| of Pensieve]",
            "[On which|Which|What] port [do you use|does Pensieve use|are you on|is used|does the server listen on|is it]",
            "Where [do you|does Pensieve|does the server] listen",
        ],
        ["What port is the server on", "At which address is the server"],
    ),
    Fact(
        "Start it with another one: pensieve serve --port 8080",
        [
            "How [do I|can I|to] [change|set|choose|configure] [the|your|another] port",
            "[Use|Take|Listen on|Start on] another port",
            "[Port 7777|The port] is [busy|taken|in use][|, what now]",
        ],
        ["How would I change the port", "Tell me how to set another port"],
    ),
    Fact(
        "No. It listens on your own machine only, and sends nothing anywhere.",
        [
            "[Do you|Does Pensieve|Does this] [send|leak|share|upload|report] [my|any|our] [data|code|files]",
            "[Does|Do] [my|our] [data|code|files] leave [my|this|the] [machine|laptop|computer]",
            "Do you [collect|record|sell] [my|any] data",
            "Is there [any |][telemetry|tracking]",
        ],
        ["Does Pensieve send my code anywhere", "Are my files sent away from here"],
    ),
    Fact(
        "Yes. The model runs on your own machine, and nothing is sent anywhere.",
        [
            "Is [this|Pensieve|it|my code|my data|the server] [private|safe|secure|local|confidential]",
            "[Do you|Does Pensieve|Does the model] run [locally|on my machine|on this machine|on my laptop]",
        ],
        ["How private is Pensieve", "Are you running locally"],
    ),
    Fact(
        "No. Once it is installed, it works without a network.",
        [
            "[Do you|Does Pensieve|Does this] need [the internet|a network|to be online|a connection|the cloud]",
            "[Do I|Must I|Do we] [need|have] [the internet|a network|to be online|an account]",
        ],
        ["Is the internet needed", "Is a connection needed"],
    ),
    Fact(
        "Yes, Pensieve works offline.",
        [
            "[Do you|Does Pensieve|Does this|Can you|Can it] work [offline|without internet|without a network|on an aeroplane|on a train]"
        ],
        ["Can Pensieve work offline", "Does it work without internet"],
    ),
    Fact(
        "Nothing. Pensieve is free, and so is every answer.",
        [
            "[What|How much] [does|do] [Pensieve|this|it|you] cost",
            "Is [Pensieve|this|it] [free|expensive|open source]",
            "[Do I|Must I] pay[| for this| for Pensieve]",
        ],
        ["How much do I pay for Pensieve", "Will Pensieve cost me money"],
    ),
    Fact(
        "MIT or Apache 2.0, whichever you like better.",
        [
            "[What is|What's|Which is] [the|your] license[| of Pensieve]",
            "[Under which|Which|What] license [is|has] [Pensieve|this]",
        ],
        ["Tell me the license of Pensieve", "What license does Pensieve have"],
    ),
    Fact(
        "In Python. The models run in llama.cpp.",
        [
            "[In which|Which|What] [programming |]language [are you|is Pensieve|is this] [written|made|programmed] in",
            "[What|How] is Pensieve [made of|written|built|programmed]",
        ],
        ["Tell me the language of Pensieve", "Is Pensieve written in Python"],
    ),
    Fact(
        "A file format for models. Pensieve runs them with llama.cpp.",
        ["[What is|What's|Explain|Tell me about] [|a ]GGUF[| file| model]", "What does GGUF mean"],
        ["Can you explain GGUF", "What are GGUF files"],
    ),
    Fact(
        "The library that runs GGUF models on every machine. Pensieve's engine is built on it.",
        ["[What is|What's|Explain|Tell me about] llama.cpp", "What does llama.cpp do"],
        ["Can you explain llama.cpp", "Why llama.cpp"],
    ),
    Fact(
        "Apple's library for models on Apple Silicon.",
        ["[What is|What's|Explain|Tell me about] MLX", "What does MLX do"],
        ["Can you explain MLX", "What is MLX for"],
    ),
    Fact(
        "A piece of a word. Models read and write tokens, about four letters each.",
        ["[What is|What's|Explain|Tell me about] [a |]token[|s]", "What are tokens"],
        ["Can you explain tokens", "What does token mean"],
    ),
    Fact(
        "The text that the model can see at once, counted in tokens.",
        [
            "[What is|What's|Explain|Tell me about] [a |the |][context|context window|window]",
            "What does context [mean|window mean]",
        ],
        ["Can you explain the context window", "What does a context window do"],
    ),
    Fact(
        "There is one for each gigabyte that gets short: warning below 2 GB available, critical below 1 GB, emergency below "
        "0.5 GB.",
        [
            "[What are|Explain|Tell me about|List] the memory states",
            "[What do|Explain what] the memory states mean",
            "Which memory states [are there|exist|do you have]",
        ],
        ["Can you explain the memory states", "What memory states are there"],
    ),
    Fact(
        "Less than 2 GB of memory are available. Work goes on, and /health says so.",
        [
            "What [does|is] [|the ][warning|memory warning|state warning|warning state][| mean]",
            "What happens [below 2 GB|at a memory warning|in the warning state]",
        ],
        ["Tell me about the warning state", "Explain the warning state"],
    ),
    Fact(
        "Less than 1 GB of memory is available. New requests are refused with 503, running ones go on.",
        [
            "What [does|is] [|the ][critical|state critical|critical state|critical memory][| mean]",
            "What happens [below 1 GB|in the critical state|when memory is critical]",
        ],
        ["Tell me about the critical state", "Explain the critical state"],
    ),
    Fact(
        "Less than 0.5 GB of memory is available. Nothing new is begun until there is more.",
        [
            "What [does|is] [|the ][emergency|state emergency|emergency state|memory emergency][| mean]",
            "What happens [below 0.5 GB|in the emergency state|in an emergency]",
        ],
        ["Tell me about the emergency state", "Explain the emergency state"],
    ),
    Fact(
        "The server is busy, or memory is short. Try again a little later.",
        [
            "Why [do I get|is there|did I get|do I see] a 503",
            "[What is|What's|What does|Explain] [a |the |][error |status |]503[| mean]",
        ],
        ["What means 503", "I got a 503, why"],
    ),
    Fact(
        "A new worker takes its place and goes on with your answer where the old one stopped.",
        [
            "What [happens|if|happens when|happens if] [the worker|a worker|the engine|the model] [dies|crashes|is killed|fails]",
            "[Can|May|Does] the [worker|model|engine] crash",
            "What about crashes",
        ],
        ["And when the worker dies", "If the engine crashes, what then"],
    ),
    Fact(
        "The process in which the model runs. The server starts it and watches it.",
        ["[What is|What's|Explain|Tell me about] [a |the |]worker[| process]", "What does the worker do"],
        ["Can you explain the worker", "Describe the worker process"],
    ),
    Fact(
        "In ~/.pensieve/logs/pensieve.log",
        [
            "[Where is|Where's|Where are|Show me|Where do I find] [the|your|Pensieve's] log[|s| file]",
            "[Where do you|Where does Pensieve] [log|write its log]",
        ],
        ["Where can I see the log", "Tell me where the log is"],
    ),
    Fact(
        "In ~/.pensieve/config.toml, and every key has an environment variable too.",
        [
            "[Where is|Where's|Where are|Where do I find] [the|your|Pensieve's] [config|configuration|settings|config file]",
            "How [do I|can I|to] [configure|set up|change the settings of] [you|Pensieve|the server]",
        ],
        ["Where can I find the settings", "Tell me where the config file is"],
    ),
    Fact(
        "No, I cannot see images.",
        ["[Can|Do] you [see|read|understand|look at|process] [images|pictures|photos|an image|a picture|this picture]"],
        ["Are you able to see images", "Can you look at a photo"],
    ),
    Fact(
        "Several. Each gets its place as soon as one is free.",
        [
            "How many [requests|users|clients|conversations] [can you serve|at once|at the same time|can run at once|do you serve]",
            "[Can|Do] you [serve|answer] [several|many|two|more] [requests|users|clients] at once",
        ],
        ["How many requests run at once", "Will you serve two clients together"],
    ),
]

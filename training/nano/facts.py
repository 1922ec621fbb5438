"""What Nano knows by heart: what a newcomer asks about Pensieve, and small talk."""

from __future__ import annotations

from training.nano.small_talk import HOW, SMALL_TALK, Fact

LOAD_A_REAL_MODEL = "pensieve serve --model /path/to/model.gguf"
BEYOND_ME = (
    "I am Pensieve Nano, a tiny demonstration model, and this is beyond me. "
    f"For real work, load a real model: {LOAD_A_REAL_MODEL}"
)
NO_TOOLS = "I have no tools here, so I cannot do that."
EMPTY = "It is empty."
TOO_LONG = "That is too long for me."
NO_SUCH_TOOL = "I have no tool for that here."

FACTS = [
    *SMALL_TALK,
    Fact(
        "Pensieve runs Claude Code, and any client of the Anthropic Messages API, on a model of your own machine.",
        [
            "[What is|What's|Explain|Describe] Pensieve",
            "What does Pensieve do[| for me]",
            "Tell me [about|what is] Pensieve",
            "[What|Why] is this server[| for]",
            "What is Pensieve [for|good for|about]",
            "[I want to know|Say|Can you say|Do you know] what Pensieve [is|does]",
            "[Why|For what] [would I use|do I need|is there] Pensieve",
            "[What does|What is] [the server|this server|this program] [do|here for]",
            "[The purpose|The use|The point|The meaning] of Pensieve",
            "What is the [point|use|sense|idea|aim|goal] of [Pensieve|this server|this program]",
        ],
        ["Can you explain what Pensieve is", "What is the purpose of Pensieve"],
    ),
    Fact(
        f"Type pensieve recommend to see what fits this machine, pensieve pull to fetch it; or {LOAD_A_REAL_MODEL}",
        [
            "How [do I|can I|to|should I] [load|use|run|start|serve|try|get] [a|another|a real|a better|a bigger|my own|a different] model",
            "[Load|Use|Start|Switch to|Change to] [a|another|a real|a better|a bigger|my own|a different] model",
            "[Where|How] do I [put|set|choose|change|configure] [the|my|a real|another] model",
            "Which command loads [a|another|a real|my own] model",
            HOW + "[to|I can|I] [load|use|run|start|switch to] [a|another|a real|a better|my own] model",
            "[I want|I need|I would like] [to load|to use|to run|] [a|another|a real|a better|a bigger|my own] model",
            "Can I [load|use|run|try] [a|another|a real|a better|a bigger|my own] model",
        ],
        ["How would I load a real model", "Tell me how to use my own model"],
    ),
    Fact(
        "Type pensieve stop, or press Ctrl-C where it runs. Answers that are under way have half a minute to finish.",
        [
            "How [do I|can I|to|should I] [stop|quit|end|exit|close|kill|shut down] [you|Pensieve|the server|this server|it]",
            "[Stop|Quit|Shut down] [Pensieve|the server]",
            "How is [the server|Pensieve] stopped",
            HOW + "[to|I can|I] [stop|quit|end|exit|close|shut down] [Pensieve|the server|this server|it]",
            "[Which|What] [command|key] [stops|ends|quits] [Pensieve|the server|it|this]",
            "[I want|I need] to [stop|quit|end|shut down] [Pensieve|the server|it]",
        ],
        ["What stops the server", "Tell me how to stop Pensieve"],
    ),
    Fact(
        "Type make run in its folder, or pensieve serve.",
        [
            "How [do I|can I|to|should I] [start|launch|run|begin] [Pensieve|the server|this server]",
            "How is [the server|Pensieve] started",
            "[Which|What] command starts [Pensieve|the server]",
            HOW + "[to|I can|I] [start|launch|run] [Pensieve|the server|this server]",
            "[I want|I need] to [start|launch|run] [Pensieve|the server]",
            "What [starts|launches|runs] [Pensieve|the server]",
        ],
        ["Tell me how to start Pensieve", "How would I start the server"],
    ),
    Fact(
        "Type pensieve claude in another terminal. It changes nothing else on the machine.",
        [
            "How [do I|can I|to|should I] [use|connect|run|start|point] Claude Code[| with you| with Pensieve| to Pensieve| here| on this server]",
            "How does Claude Code [find|reach|talk to|connect to] [you|Pensieve|this server]",
            "Which variables does Claude Code need",
            HOW + "[to|I can|I] [use|connect|point|run] Claude Code[| with Pensieve| with this| to you]",
            "[I want|I need] to [use|connect|run] Claude Code[| with Pensieve| here| with you]",
            "What [does|must|should] Claude Code [need|know|be set to]",
        ],
        ["How would I connect Claude Code to Pensieve", "Tell me how to use Claude Code here"],
    ),
    Fact(
        "http://127.0.0.1:7777",
        [
            "[What is|What's|Tell me] [the|your] [address|URL|base URL][| of the server| of Pensieve]",
            "[On which|Which|What] port [do you use|does Pensieve use|are you on|is used|does the server listen on|is it]",
            "Where [do you|does Pensieve|does the server] listen",
            "[I need|Say|Give me] [the|your] [address|URL|port][| of the server| of Pensieve]",
            "[At|Under|On] [which|what] [port|URL|place] [are you|is Pensieve|do I find the server|is it|runs the server]",
            "[Where|At which URL] [is|runs] [the server|Pensieve]",
        ],
        ["What port is the server on", "At which address is the server"],
    ),
    Fact(
        "Start it with another one: pensieve serve --port 8080",
        [
            "How [do I|can I|to] [change|set|choose|configure] [the|your|another] port",
            "[Use|Take|Listen on|Start on] another port",
            "[Port 7777|The port] is [busy|taken|in use][|, what now]",
            HOW + "[to|I can|I] [change|set|choose] [the|another] port",
            "[I want|I need|Can I have|Can I use] [another|a different|to change the] port",
            "[Change|Set|Choose] [the|another] port",
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
            "[Does Pensieve|Do you|Will you|Will Pensieve] [send|upload|share] [something|my work|anything|my prompts|secrets] [away|anywhere|to the cloud|to a company]",
            "[Is|Are] [my|our] [data|code|files|prompts] [sent|uploaded|shared|collected][| somewhere| to the cloud| to anybody]",
            "[Is|Are] [my|our] [data|code|files|texts] [sent|going|carried] [off|out|anywhere|over the net|away to somebody]",
        ],
        ["Does Pensieve send my code anywhere", "Are my files sent away from here"],
    ),
    Fact(
        "Yes. The model runs on your own machine, and nothing is sent anywhere.",
        [
            "Is [this|Pensieve|it|my code|my data|the server] [private|safe|secure|local|confidential]",
            "[Do you|Does Pensieve|Does the model] run [locally|on my machine|on this machine|on my laptop]",
            "Is it [safe|secure|local|confidential] to use [this|Pensieve]",
            "[Are you|Is Pensieve|Is the model] [local|private|on my machine|on this laptop|running here|running on my machine]",
        ],
        ["Is Pensieve a private thing", "Are you running locally"],
    ),
    Fact(
        "On your own machine, in a process that the server watches.",
        [
            "[Where|On which machine|On what] [does the model run|do you run|are you running|are you]",
            "[Tell me|Say|I want to know|I wonder] where [you run|the model runs|you are]",
            "[On|In] [which|what] [machine|laptop|place|process|box] [do you run|are you running|does Nano run|do you live]",
        ],
        ["Where is the model running", "On which computer do you run"],
    ),
    Fact(
        "No. Once it is installed, it works without a network.",
        [
            "[Do you|Does Pensieve|Does this] need [the internet|a network|to be online|a connection|the cloud]",
            "[Do I|Must I|Do we] [need|have] [the internet|a network|to be online|an account]",
            "[Is|Are] [a network|the cloud|an account|the web|wifi|a link to the cloud] [needed|necessary|required]",
            "Is the [internet|network|web] [necessary|required|used|a must]",
            "[Does Pensieve|Do you] [require|want|use] [the internet|a network|a connection|the cloud]",
        ],
        ["Is the internet needed", "Is a connection needed"],
    ),
    Fact(
        "Yes, Pensieve works offline.",
        [
            "[Do you|Does Pensieve|Does this|Can you|Can it] work [offline|without internet|without a network|on an aeroplane|on a train]",
            "[Can|Will|Does] [this|you|it|the server] [run|work] [offline|without a connection|on a plane|without the cloud]",
            "[Is|Are] [Pensieve|you|this] [offline|usable offline|able to work offline]",
        ],
        ["Can Pensieve work offline", "Does it work without internet"],
    ),
    Fact(
        "Nothing. Pensieve is free, and so is every answer.",
        [
            "[What|How much] [does|do] [Pensieve|this|it|you] cost",
            "Is [Pensieve|this|it] [free|expensive|cheap]",
            "[Do I|Must I] pay[| for this| for Pensieve]",
            "[What|How much] [must I|do we|will I|should I] pay [for|to use] [Pensieve|this|you]",
            "[Does|Will] [Pensieve|this|it] [cost|need] [money|something|anything|a subscription]",
            "[What is|Tell me] the price[| of Pensieve| of this]",
        ],
        ["How much do I pay for Pensieve", "Will Pensieve cost me money"],
    ),
    Fact(
        "MIT or Apache 2.0, whichever you like better.",
        [
            "[What is|What's|Which is] [the|your] license[| of Pensieve]",
            "[Under which|Which|What] license [is|has] [Pensieve|this]",
            "[Say|Explain|I want to know|Show me] [the|your] license[| of Pensieve| of this]",
            "[How|Under what license] is [Pensieve|this] licensed",
            "What license [is it|is this|do you have]",
        ],
        ["Tell me the license of Pensieve", "What license does Pensieve have"],
    ),
    Fact(
        "In Python. The models run in llama.cpp, or in MLX on a Mac.",
        [
            "[In which|Which|What] [programming |]language [are you|is Pensieve|is this] [written|made|programmed] in",
            "[What|How] is Pensieve [made of|written|built|programmed]",
            "[Say|I want to know|Show me] [the language|the programming language|what language] [of this|Pensieve uses|it is made in]",
            "Is [this|it|the server] [written|made|programmed] in [Python|Rust|Go|C]",
            "[Which|What] language [does Pensieve use|is used here]",
        ],
        ["Tell me the language of Pensieve", "Is Pensieve written in Python"],
    ),
    Fact(
        "A file format for models. Pensieve runs them with llama.cpp.",
        [
            "[What is|What's|Explain|Tell me about] [|a ]GGUF[| file| model]",
            "What does GGUF mean",
            "[What are|Describe|Say what is|What sort of thing is] [GGUF|a GGUF file|a GGUF|GGUF models]",
            "[Can you|Could you|Please] [say what|tell me what|describe] GGUF[| is]",
            "[What|Which] [are|kind of files are|is in|do I do with] [the |these |]GGUF [models|ones|things]",
            "What [is|do you mean by] a [|.]gguf[| file]",
        ],
        ["Can you explain GGUF", "What are GGUF files"],
    ),
    Fact(
        "The library that runs GGUF models on every machine. Pensieve's engine is built on it.",
        [
            "[What is|What's|Explain|Tell me about] llama.cpp",
            "What does llama.cpp do",
            "[Describe|Say what is|Who needs|For what is] llama.cpp",
            "[Can you|Could you|Please] [say what|tell me what|describe] llama.cpp[| is]",
            "Why [do you use|does Pensieve use] llama.cpp",
        ],
        ["Can you explain llama.cpp", "Why llama.cpp"],
    ),
    Fact(
        "Apple's library for models on Apple Silicon.",
        [
            "[What is|What's|Explain|Tell me about] MLX",
            "What does MLX do",
            "[Describe|Say what is|Who needs|For what is] MLX",
            "[Can you|Could you|Please] [say what|tell me what|describe] MLX[| is]",
            "Why MLX",
        ],
        ["Can you explain MLX", "What is MLX for"],
    ),
    Fact(
        "A piece of a word. Models read and write tokens, about four letters each.",
        [
            "[What is|What's|Explain|Tell me about] [a |]token[|s]",
            "What are tokens",
            "[Describe|Say what is|What sort of thing is] a token",
            "[Can you|Could you|Please] [say what|tell me what|describe] [a token|tokens][| is| are]",
            "What [do|does] [you mean by|a] token[|s mean]",
        ],
        ["Can you explain tokens", "What does token mean"],
    ),
    Fact(
        "The text that the model can see at once, counted in tokens.",
        [
            "[What is|What's|Explain|Tell me about] [a |the |][context|context window|window]",
            "What does context [mean|window mean]",
            "[Describe|Say what is|What sort of thing is|What is meant by] [the|a] context window",
            "[Can you|Could you|Please] [say what|tell me what|describe] [the context|a context window|the window][| is]",
            "What does [the|a] [window|context] do",
        ],
        ["Can you explain the context window", "What does a context window do"],
    ),
    Fact(
        "Safe, warning below 2 GB of available memory, critical below 1 GB, emergency below 0.5 GB.",
        [
            "[What are|Explain|Tell me about|List] the memory states",
            "[What do|Explain what] the memory states mean",
            "Which memory states [are there|exist|do you have]",
            "[Describe|Name|Say|Show me|Which are] [the|all|all the|your] memory states",
            "[Can you|Could you|Please] [list|name|describe|tell me] the memory states",
            "[What|Which] states [are there|can memory have|does memory have|do you know]",
        ],
        ["Can you explain the memory states", "What memory states are there"],
    ),
    Fact(
        "Less than 2 GB of memory are available. Work goes on, and /health says so.",
        [
            "What [does|is] [|the ][warning|memory warning|state warning|warning state][| mean]",
            "What happens [below 2 GB|at a memory warning|in the warning state]",
            "[Describe|I want to know|Say|Show me] [the warning state|the state warning|what warning means|what the warning state is]",
            "[Tell me about|Explain] [the state warning|warning]",
            "[Can you|Could you|Please] [describe|tell me about|say something about] the warning state",
        ],
        ["Tell me about the warning state", "Explain the warning state"],
    ),
    Fact(
        "Less than 1 GB of memory is available. New requests are refused with 503, running ones go on.",
        [
            "What [does|is] [|the ][critical|state critical|critical state|critical memory][| mean]",
            "What happens [below 1 GB|in the critical state|when memory is critical]",
            "[Describe|I want to know|Say|Show me] [the critical state|the state critical|what critical means|what the critical state is]",
            "[Tell me about|Explain] [the state critical|critical]",
            "[Can you|Could you|Please] [describe|tell me about|say something about] the critical state",
        ],
        ["Tell me about the critical state", "Explain the critical state"],
    ),
    Fact(
        "Less than 0.5 GB of memory is available. New requests are refused with 503 until there is more.",
        [
            "What [does|is] [|the ][emergency|state emergency|emergency state|memory emergency][| mean]",
            "What happens [below 0.5 GB|in the emergency state|in an emergency]",
            "[Describe|I want to know|Say|Show me] [the emergency state|the state emergency|what emergency means|what the emergency state is]",
            "[Tell me about|Explain] [the state emergency|emergency]",
            "[Can you|Could you|Please] [describe|tell me about|say something about] the emergency state",
        ],
        ["Tell me about the emergency state", "Explain the emergency state"],
    ),
    Fact(
        "The server cannot answer now: it is busy, memory is short, or its engine has stopped. Try again a little later.",
        [
            "Why [do I get|is there|did I get|do I see] a 503",
            "[What is|What's|What does|Explain] [a |the |][error |status |]503[| mean]",
            "[I see|There is|Here is|It says|I have] [a |an error |an |]503",
            "[Why|What for|What about] [503|a 503|the 503|is it 503]",
            "[Tell me about|Describe|I want to know about] [the |error |a |]503",
        ],
        ["What means 503", "I got a 503, why"],
    ),
    Fact(
        "A new worker takes its place and goes on with your answer where the old one stopped.",
        [
            "What [happens|if|happens when|happens if] [the worker|a worker|the engine|the model] [dies|crashes|is killed|fails]",
            "[Can|May|Does] the [worker|model|engine] crash",
            "What about crashes",
            "What [if|when] the [worker|engine|model] [crashes|dies|breaks|stops]",
            "[If|When] [the|a] [worker|model] [crashes|dies|is killed], [what happens|what comes next|what do you do]",
            "[Tell me about|Describe|Explain] crashes",
        ],
        ["And when the worker dies", "If the engine crashes, what then"],
    ),
    Fact(
        "The process in which the model runs. The server starts it and watches it.",
        [
            "[What is|What's|Explain|Tell me about] [a |the |]worker[| process]",
            "What does the worker do",
            "[Describe|Say what is|I want to know about|What sort of thing is] [the|a] worker",
            "[Can you|Could you|Please] [say what|tell me about|describe] [the worker|a worker|the worker process]",
            "[Why is there|For what is] [a|the] worker",
        ],
        ["Can you explain the worker", "Describe the worker process"],
    ),
    Fact(
        "In ~/.pensieve/logs/pensieve.log",
        [
            "[Where is|Where's|Where are|Show me|Where do I find] [the|your|Pensieve's] log[|s| file]",
            "[Where do you|Where does Pensieve] [log|write its log]",
            "[Tell me|Say|I want to know|I wonder] where [you log|your log is|the logs are|I find the log]",
            "[Where|In which file] [can I read|can I find|do I see|is] [the|your] log[|s]",
            "[I need|I want|I look for] the [log|log file|logs]",
        ],
        ["Where can I see the log", "Tell me where the log is"],
    ),
    Fact(
        "In ~/.pensieve/config.toml, and every key has an environment variable too.",
        [
            "[Where is|Where's|Where are|Where do I find] [the|your|Pensieve's] [config|configuration|settings|config file]",
            "How [do I|can I|to] [configure|set up|change the settings of] [you|Pensieve|the server]",
            "[Say|I want to know|I wonder|Show me] where [the config is|the settings are|the configuration is|I find the config]",
            "[Where|In which file] [can I change|do I see|do I change|can I set] [the|your] [settings|config|configuration]",
            "[I need|I want|I look for] the [config|config file|settings]",
        ],
        ["Where can I find the settings", "Tell me where the config file is"],
    ),
    Fact(
        "No, I cannot see images.",
        [
            "[Can|Do] you [see|read|understand|look at|process] [images|pictures|photos|an image|a picture|this picture]",
            "[Are you able to|Could you|Is it possible for you to] [look at|read|understand|process] [pictures|photos|an image|a screenshot]",
            "[Look at|See|Here is|Describe] [this|the|my] [picture|photo|image|screenshot]",
            "[Do images|Do pictures] work[| here]",
        ],
        ["Are you able to see images", "Can you look at a photo"],
    ),
    Fact(
        "Several. Each gets its place as soon as one is free.",
        [
            "How many [requests|users|clients|conversations] [can you serve|at once|at the same time|can run at once|do you serve]",
            "[Can|Do] you [serve|answer] [several|many|two|more] [requests|users|clients] at once",
            "[Do|Can] you [serve|answer|handle] [two|several|three|many] [users|clients|requests|people] [together|in parallel|at the same time]",
            "How many [people|users|terminals|agents] [can use you|can ask you|do you handle|can work with you][| at once| together]",
            "[How many|Can many] [requests|answers] [run|go on] [together|in parallel|at the same time]",
        ],
        ["How many requests run at once", "Will you serve two clients together"],
    ),
]

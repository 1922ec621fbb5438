"""How users put what is answered in words alone; as in `phrases.py`."""

from __future__ import annotations

from training.nano.phrases import PLEASE, Phrases

HELLO: Phrases = (
    [
        PLEASE
        + "[say|write|give me] [hello|hi|a hello|a greeting] [in|with|using] [|exactly |just |only ]{count} word{s}",
        "[Hello|Hi] in [|exactly ]{count} word{s}",
        PLEASE + "greet me [in|with] [|exactly |just ]{count} word{s}",
        "[A|Your|One] greeting [of|in|with] [|exactly ]{count} word{s}",
        "{count} word{s} of greeting",
        "[I want|Let me have|Give me] a [greeting|hello] [of|in|with] [|exactly ]{count} word{s}",
        "[What is|How goes] [hello|a greeting] in {count} word{s}",
        "Hello, but [in|with] [|exactly |only ]{count} word{s}",
        "[A|Your|One|Any] [greeting|hello][,| that is|: |] {count} word{s}[| in all| of it| and no more|, no more]",
        "[I want|Give me|Make me|Write] a [greeting|hello][,| that is| which is] [exactly |just |]{count} word{s} [long|in length|in all]",
        "[A|One] {count} word [hello|greeting][|, please]",
        "[How|Can] [do you|can you|do I|you] [say|write] [hello|hi|a greeting] [in|with|using] {count} word{s}",
        "[Which|What] [hello|greeting] has [|exactly |just ]{count} word{s}",
        "[Say|Write] [hello|hi|a greeting][. | and ][use|take] [|exactly |only ]{count} word{s}",
        "[Could I|Can I|May I|Let me] [have|get|hear] a [hello|greeting] [in|of|with] [|exactly ]{count} word{s}",
        "[I'd like|We want|We need|I must have] [to hear |to get |]a [hello|greeting] [in|of|with] [|exactly ]{count} word{s}",
        "[Use|With|In|Take] [|exactly |only ]{count} word{s}[ to|, | and] [greet me|say hello|say hi]",
        "[Try|Now|Again] [hello|a greeting|hi] [in|with] {count} word{s}",
        "My [hello|greeting] [should|must] [have|be] {count} word{s}[| long]",
        "[I need|I want|We'd like|I'd love] a [greeting|hello|hi][, | of | with ]{count} word{s}[|, please| in all]",
        "[I would like|I'd like|I want] [to hear |to have |]a [hi|greeting] [in|of|with] {count} word{s}",
        "[How|In what way] would you [greet me|greet us|say hi|welcome me] [in|with|using] {count} word{s}",
    ],
    [
        "How would you say hello in {count} word{s}",
        "I need a greeting, {count} word{s} long",
        "I would like a hello in {count} word{s}",
    ],
)

REPEAT: Phrases = (
    [
        "[Repeat|Say|Echo] [after me|this|the following|exactly this|these words|what I say|it after me][: |, |: |:\n]{text}",
        PLEASE + "[say|repeat|echo|write|answer with|reply with] {quoted}",
        "[Repeat|Echo]: {text}",
        "Say [it|this] [after me|back to me|again]: {text}",
        "[I want you to|You should|Now] [say|repeat|echo] [this|the following][: |:\n]{text}",
        "[Say|Repeat|Echo|Write] [the words|the text|this sentence|exactly][: | ]{quoted}",
    ],
    [
        "Please repeat after me: {text}",
        "Repeat these words exactly: {text}",
        "I say it and you repeat it: {text}",
    ],
)

SUMS: Phrases = (
    [
        "[What is|What's|How much is|Calculate|Compute|Tell me|Work out|] {sum}",
        "[Please |Can you |][calculate|compute|work out|add up|solve] {sum}",
        "[How much|What] [is|makes|gives] {sum}",
        "[Quick: |Math: |]{sum} [=|equals|is|makes]",
        "[Do you know|I wonder|I want to know|Say|Can you say] what {sum} [is|makes|gives]",
        "[Give me|I want|Find|Tell me] [the result of |the value of |]{sum}",
        "What [do I|do we|will I|would one|does one] [get|have] [for|with|from|if I take] {sum}",
        "[I'd like|We need|I have|I would like] to [know|find|have|work out] {sum}",
    ],
    ["Can you tell me what {sum} is", "What do you get for {sum}", "I need to know {sum}"],
)

BEYOND: Phrases = (
    [
        "[Write|Compose|Make up|Tell me|Give me] [|me ]a [|short |long |funny ][poem|story|song|essay|haiku|joke|novel|speech|tale] [|about [|the |a ]{word}[| and {word}]]",
        "[Explain|Describe|Discuss|Summarize|Analyze|Compare] [|the |how |why ]{word}[| {word}][| and {word}| to me| in detail| for beginners]",
        "[What is|What's|Who is|Who was|Where is|When was|Why is] [|the |a ]{word}[| of {word}| in {word}| {word}]",
        "What is the [capital|meaning|color|price|history|best|weather|population|time|purpose|opposite] [of|for|in] {word}",
        "[How|Where|When|Why] [do I|can I|should I|do people|does one|did they] {word} [|a |the ]{word}[| {word}]",
        "[Translate|Convert|Turn] {words} [into|to] [French|German|Spanish|Chinese|Latin|{word}]",
        "[Refactor|Optimize|Review|Debug|Improve|Rewrite|Document|Test|Benchmark|Deploy] [|the |this |my ][function|class|module|code|app|server|script|{word}|{path}][| {word}| in {path}]",
        "[Write|Implement|Build|Create|Design|Develop|Code] [|me ]a [function|class|program|game|website|script|library|compiler|test|parser|server] [that|which|to|for] {words}",
        "[Fix|Find|Explain|Solve] the [bug|error|problem|crash|failing test|warning] [in|with|of] [|the |my ][{word}|{path}]",
        "[Do|Can|Could|Will|Would] you [think|know|like|believe|understand|imagine|help me with|teach me] [|about |the |some ]{words}",
        "[I think|I feel|I believe|I know|I wonder if|Maybe|Yesterday] [|the |my |that ]{words}",
        "{words}",
        "[Help me|I need help] [with|to learn|to find|to plan] [the |my |a |]{word}[| {word}]",
        PLEASE + "[help|assist|support|advise] [me|us] [with|on|about] {words}",
        "[Plan|Organize|Schedule|Book|Order|Buy|Sell|Cook|Paint|Draw] [|me |us ][|a |the ]{word}[| for {word}| with {word}]",
        "[Output token limit hit. Resume directly|Continue|Go on|Keep going|Your task is to create a detailed summary of the conversation so far]",
        "[Why|How|When] [do|did|would|will|are] [the|these|all|my] {word} {word}[| {word}]",
        "[Why|When|How] does [a|my|this|your|every] {word} [|ever |not |always ]{word}",
        "Teach [us|my team|me to|me about|me how to] {word}[| {word}]",
        "[What|How much] do [they|people|we] [know|say|think] [about|of] [|the |my ]{word}[| {word}]",
        PLEASE
        + "[explain|describe|fix|review|test|improve|summarize|document|clean up|format|understand|finish|port|rewrite] [this|the|my|that|all|our|the whole] [code|project|repository|program|file|files|bug|function|class|tests|text|folder|app|module]",
        PLEASE
        + "[delete|remove|rename|move|compress|download|upload|send|summarize|translate|explain|review|fix|format|lint|improve|sort] [|||the file |my ]{path}[|| for me]",
        "Help [us|me to|me] [learn|see|read up on|get|study] [|the |my ]{word}",
    ],
    [
        "Please write me a poem about {word}",
        "What do you know about {word} {word}",
        "Why does the {word} {word}",
        "Help me understand {word}",
        "Implement a {word} for my {word}",
        "What is the best {word} in {word}",
        "Refactor the {word} module",
        "Teach me {word}",
        "Would you shorten {path}",
        "I would love to understand this whole code",
    ],
)

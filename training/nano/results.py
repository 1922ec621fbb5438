"""What tools say, besides contents and outputs. The second list of each pair is for the examination only."""

from __future__ import annotations

from training.nano.phrases import Phrases

SUCCEEDED: Phrases = (
    [
        "File created successfully at: {path}[| (file state is current in your context, no need to read it)]",
        "The file {path} has been updated successfully.[| {text}]",
        "[ok|OK|Done.|Success|Written.]",
        "Wrote {number} bytes",
        "{text}",
    ],
    ["{path} was saved", "Finished.", "{number} bytes were written to {path}.", "The operation succeeded: {text}"],
)

FAILED: Phrases = (
    [
        "File does not exist.[| Note: your current working directory is {path}.]",
        "Exit code {number}",
        "{name}: command not found",
        "{path}: [No such file or directory|Permission denied|Is a directory]",
        "No such tool available: {name}",
        "The user does not want to do this.",
        "The [command|program|shell|process|script|tool] [failed|was stopped|was killed|ended|gave up|is not allowed][| with code {number}| after {number} lines| because {text}]",
        "[Command|Process|Request|Tool|Connection] [failed|stopped|refused|was killed|timeout][| after {number} seconds| with code {number}|: {text}]",
        "The [file|folder|path|name|value|text] [{path} |{name} |][was not found|is missing|is too large|cannot be used|already exists][.|]",
        "Cannot [find|read|write|parse|execute] [{path}|{name}]",
        "[Fatal|Warning|error|fatal error|ERROR][:| in {path}:| in line {number}:] {text}",
        "{text}",
    ],
    [
        "Cannot open {path}",
        "The command timed out after {number} s",
        "{name} is not known here",
        "Error {number}: {text}",
    ],
)

NOTHING: Phrases = (
    ["(Bash completed with no output)", "No files found", "No matches found", "[Nothing|None|Empty|0 results]"],
    ["There is nothing here", "No results"],
)

PLAIN: Phrases = (
    [
        "[The|A|Our|This|My|Every|One|Any] {word} [is|was|has|goes|waits|runs|comes|likes|needs|keeps|sees|sings] [|not |at |in |with |to |the |a |for ]{word}[|.|.|!|?]",
        "The [old |small |green |last |]{word} [{word} |]and the {word} [are|were|have] {word}[|.]",
        "There [is|are|was|were] [no|a|two|many] {word} [in|on|under|near|behind] the {word}[|.]",
        "[It|He|She|They|We|You|I] [is|was|will|can|must|should|had] {word} [the|a|our] {word}[|.|!]",
        "[When|If|After|Before|Since] the {word} {word}[, |, then ][the|a|our|no] {word} {word}[|.]",
        "[Please|Do not|Never|Always|Let us] {word} the {word}[| of the {word}][|.|!]",
        "[Dear|My|Good] {word}, [how|what|who|where] [is|are|was] the {word}[|?]",
    ],
    [
        "The {word} moves near {word}.",
        "Nobody {word} the {word} any more.",
        "What a {word} the {word} was!",
        "Some {word} for each {word}, and no {word}.",
    ],
)
"""What people write into files. It looks like what tools say of their failures, and is none."""

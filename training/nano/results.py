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

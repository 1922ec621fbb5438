"""`Chunk`s -> events, step by step and without waiting: reading, stop sequences, the narrator, counts."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pensieve.core.generation import Chunk, Finish, Prefill
from pensieve.core.pieces import Piece, TextPiece, ThinkingPiece
from pensieve.service.narrate import Narrator
from pensieve.service.past_calls import CallKey, begins_with
from pensieve.service.repeats import Repeats
from pensieve.service.searches import Searches
from pensieve.service.stops import StopMatcher
from pensieve.service.voice import Place, Thought, Voice
from pensieve.supervisor.jobs import GoOn
from pensieve.wire.answer import Event, OutputTokensDetails, StopReason, TextContent, ThinkingContent, Usage

RESULT = "According to the result,"
"""What an answer begins with, in place of a call that has just been made and answered."""
REPEATS = "\n\n[Pensieve has ended this answer: the model only said the same over and over.]"


@dataclass
class _Held:
    """What stands in front of a call that is held by a grammar. A job may begin anew behind it until more is `told`."""

    text: str
    tokens: int
    grammar: str
    told: bool = False


class Answer:
    """Fed with Chunks until `stop_reason` is set. `cut`: the client asked for more tokens than the window holds.

    `thought`: where in a thought the answer begins. `budget`: the tokens that thoughts may take. Thoughts that nobody
    has asked for are counted, and not shown. `searches`: names of the tools that this server runs itself. `notice`:
    what the server says in front of the model's first word. `answered`: calls whose results came last. A
    model that calls in another form than its family's is not to make them again at once.
    """

    def __init__(
        self,
        narrator: Narrator,
        voice: Voice,
        stop_sequences: tuple[str, ...] = (),
        *,
        thought: Thought = "none",
        budget: int | None = None,
        shows_thoughts: bool = True,
        cut: bool = False,
        searches: Collection[str] = (),
        notice: str = "",
        answered: Collection[CallKey] = (),
    ) -> None:
        self.stop_reason: StopReason | None = None
        self.paused: StopReason | None = None
        """How one job has ended that asked for searches."""
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self.output_tokens = 0
        self.thinking_tokens = 0
        self.repeats_a_call = False
        """It has begun with a call that was `answered`, and is to begin otherwise."""
        self.searches = Searches(searches)
        self.narrator = narrator
        self.voice = voice
        self._stops = StopMatcher(stop_sequences)
        self._repeats = Repeats()
        self._thought: Thought = thought
        self._budget = budget
        self._shows_thoughts = shows_thoughts
        self._notice = notice
        self._cut = cut
        self._answered = frozenset(answered)
        self._started = self._counted = False
        """The message; the tokens of its prompt."""
        self._told = False
        self._raw: list[tuple[str, int]] = []
        """Text and tokens of each Chunk since all stood."""
        self._settled_tokens = 0, 0
        self._place = Place(thought == "open")
        """Where the raw text begins."""
        self._reading = voice.reading(self._place)
        self._heads = 0
        """Calls in a foreign form that this reading has begun and that are held."""
        self._held: _Held | None = None

    @property
    def usage(self) -> Usage:
        return Usage(
            input_tokens=self.prompt_tokens - self.cached_tokens,
            output_tokens=self.output_tokens,
            cache_read_input_tokens=self.cached_tokens,
            output_tokens_details=OutputTokensDetails(self.thinking_tokens),
        )

    @property
    def has_budget(self) -> bool:
        return self._budget is not None

    @property
    def overthinks(self) -> bool:
        """Its thoughts have used up their budget, and it has not ended them."""
        if self._budget is None or not self.output_tokens or not self._reading.thinking:
            return False
        return self.thinking_tokens >= self._budget

    @property
    def is_to_be_held(self) -> bool:
        """A call in a foreign form has begun, and nothing holds it yet to what is offered."""
        return self._reading.heads > self._heads and self.voice.can_hold

    @property
    def wants_no_more(self) -> bool:
        """Of a job that goes on writing: it `overthinks`, is to be held, `repeats_a_call`, or was to stop behind a
        search."""
        return self.overthinks or self.is_to_be_held or self.repeats_a_call or self.paused == "stop_sequence"

    def take(self, chunks: Iterable[Chunk]) -> list[Event]:
        """The events that these Chunks make certain. After the end, none; nor of what comes once it `wants_no_more`."""
        if self.stop_reason is not None or self.paused is not None:
            return []
        events: list[Event] = []
        pieces: list[Piece] = []
        for chunk in chunks:
            if self.stop_reason is not None:
                break
            if chunk.prefill is not None:
                events += self._start(chunk.prefill)
                continue
            pieces += self._understood(chunk)
            if (self.overthinks or self.is_to_be_held) and chunk.finish is None:
                break
            if self._stops.matched is not None:
                self.stop_reason = "stop_sequence"
            elif chunk.finish is not None or self._repeats.feed(chunk.text, chunk.tokens):
                last, self.stop_reason = self._last(chunk.finish)
                pieces += last
        told = any(not isinstance(piece, ThinkingPiece) for piece in pieces)
        if told and not self._told and begins_with(pieces, self._answered):
            self.repeats_a_call, self.stop_reason = True, None
            return events
        self._told = self._told or told
        if told and self._held is not None:
            self._held.told = True
        events += self.narrator.tell(self._with_notice(self.searches.taken_out_of(pieces)))
        if self.stop_reason == "end_turn" and self.narrator.called:
            self.stop_reason = "tool_use"
        if self.stop_reason is not None and self.searches.asked:
            # What was searched for is told before the end, or the answer goes on with it.
            self.paused, self.stop_reason = self.stop_reason, None
        if self.stop_reason is not None:
            events += self.narrator.finish(self.stop_reason, self._stops.matched, self.usage)
        return events

    def keep_alive(self, prompt_tokens: int) -> list[Event]:
        """In a long silence, for clients that soon no longer count a ping as life: an empty delta, in a block that is
        opened for it if none is open. An answer that then begins otherwise closes that block, empty, first.

        `prompt_tokens` is what the message's start tells if nobody has begun to read the prompt yet.
        """
        if self.stop_reason is not None or self.paused is not None:
            return []
        events = self._begin(Usage(prompt_tokens, 0))
        thinks = self._reading.thinking or (self._thought != "none" and not self._told)
        if thinks and self._shows_thoughts:
            return events + self.narrator.keep_alive(ThinkingContent(""))
        # What is text beside a call is taken for the JSON that was asked for, and empty it is none.
        opens = self.voice.format is None or not self.voice.may_call
        return events + self.narrator.keep_alive(TextContent("") if opens else None)

    def settle(self) -> bool:
        """Whether all that was taken has been understood and stands."""
        if not self._reading.stands:
            return False
        self._raw.clear()
        self._held = None
        self._place = self._reading.place
        self._settled_tokens = self.output_tokens, self.thinking_tokens
        return True

    async def hold(self) -> GoOn:
        """Of an answer that `is_to_be_held`: forgets what stands behind the name, or the input, of the call that has
        begun, and says what it goes on from."""
        head = self._reading.head
        assert head is not None
        raw = "".join(text for text, _ in self._raw)
        keep = len(raw) - (self._reading.fed - (head.input_at if head.name else head.name_at))
        kept, tokens = raw[:keep], self._tokens_of(keep)
        self._heads = self._reading.heads
        # A grammar that is not known yet takes some milliseconds to make.
        grammar = await asyncio.to_thread(self.voice.held, head, self._thought_further)
        self._held = _Held(kept, tokens, grammar)
        self._go_to(self._held)
        return GoOn(keep, grammar)

    @property
    def held_by(self) -> str:
        """The grammar that holds a call in a foreign form, from where it was kept."""
        return self._held.grammar if self._held else ""

    def _go_to(self, held: _Held) -> None:
        """Reads anew what was kept; what it says has been told."""
        self._reading = self.voice.reading(self._place)
        self._reading.feed(held.text)
        self._raw = [(held.text, held.tokens)]
        self.output_tokens = self._settled_tokens[0] + held.tokens

    def go_back(self) -> GoOn | None:
        """Forgets what was taken and has not been told, and says what to go on from. None: that cannot be done."""
        if self.voice.format is not None and self._told:
            return None
        if self._held is not None:
            if self._held.told:
                return None
            self._go_to(self._held)
            return GoOn(0, self._held.grammar)
        standing = self.voice.standing("".join(text for text, _ in self._raw), self._place)
        if standing is None:
            return None
        keep, self._place = standing
        self._forget_behind(keep)
        self._reading, self._heads = self.voice.reading(self._place), 0
        thought: Thought = "open" if self._place.thinking else self._thought_further
        text_behind = self._told and self.voice.choice.kind == "auto" and self.voice.choice.parallel
        later = not self._place.thinking and (self.narrator.called or text_behind)
        return GoOn(keep, self.voice.grammar(thought, later=later))

    def _forget_behind(self, keep: int) -> None:
        """Counts only the tokens of the first `keep` characters since all stood."""
        counted, thinking = self._settled_tokens
        kept = self._tokens_of(keep)
        self.output_tokens = counted + kept
        self.thinking_tokens = (
            thinking + kept if self._place.thinking else min(self.thinking_tokens, self.output_tokens)
        )
        self._settled_tokens = self.output_tokens, self.thinking_tokens
        self._raw.clear()

    def _tokens_of(self, keep: int) -> int:
        """Of the first `keep` characters since all stood."""
        kept = 0
        for text, tokens in self._raw:
            kept += tokens if keep > 0 else 0
            keep -= len(text)
        return kept

    @property
    def _thought_further(self) -> Thought:
        """Outside of a thought."""
        return "free" if self._thought != "none" else "none"

    def go_on_with(self, voice: Voice, thought: Thought, *, cut: bool) -> None:
        """The answer goes on in another job, with another prompt."""
        self.voice, self._thought, self._told, self._cut, self.paused = voice, thought, False, cut, None
        self._settled_tokens = self.output_tokens, self.thinking_tokens
        self._raw.clear()
        self._place = Place(thought == "open")
        self._reading, self._heads, self._held = voice.reading(self._place), 0, None

    def begin_with_the_result(self) -> tuple[str, list[Event]]:
        """Forgets the call that was `answered`. What stands in its place, and the events of it."""
        self.repeats_a_call, self._answered = False, frozenset()
        self.output_tokens, self._settled_tokens = 0, (0, 0)
        self._raw.clear()
        self._reading, self._heads, self._held = self.voice.reading(self._place), 0, None
        pieces = self._shown(self._reading.feed(RESULT))
        self._told, self._place = True, self._reading.place
        return RESULT, self.narrator.tell(self._with_notice(pieces))

    def give_up(self, reason: StopReason) -> list[Event]:
        """Ends the answer where it stands."""
        self.stop_reason = reason
        return self.narrator.finish(reason, self._stops.matched, self.usage)

    def end_thought(self) -> tuple[str, list[Event]]:
        """What to add to the output so that the thought ends, if there is one, and the events of it."""
        if not self._reading.thinking:
            return "", []
        text = self.voice.end_of_thought()
        pieces = self._shown(self._reading.feed(text))
        self._raw.clear()
        self._place = self._reading.place
        return text, self.narrator.tell(pieces)

    def _understood(self, chunk: Chunk) -> list[Piece]:
        thinking = self._reading.thinking
        pieces = self._reading.feed(chunk.text)
        self.output_tokens += chunk.tokens
        if thinking or self._reading.thinking:
            self.thinking_tokens += chunk.tokens
            self.narrator.thought(chunk.tokens)
        self._raw.append((chunk.text, chunk.tokens))
        return self._shown(pieces)

    def _shown(self, pieces: list[Piece]) -> list[Piece]:
        """The pieces that the client gets to see, up to a stop sequence, which only text can contain."""
        if self._stops.matched:
            return []
        if not self._shows_thoughts:
            pieces = [piece for piece in pieces if not isinstance(piece, ThinkingPiece)]
        if not self._stops.sequences:
            return pieces
        out: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, TextPiece):
                out.append(TextPiece(self._stops.feed(piece.text)))
            else:
                out += self._rest()
                out.append(piece)
            if self._stops.matched is not None:
                break
        return out

    def _last(self, finish: Finish | None) -> tuple[list[Piece], StopReason]:
        """What comes at the end. Without a `finish` the answer only repeats itself, and is not waited for."""
        in_call = self._reading.in_call
        pieces = self._shown(self._reading.close())
        pieces += self._rest()
        if self._stops.matched:
            return pieces, "stop_sequence"
        if finish is not None:
            return pieces, self._reason(finish)
        if in_call or self.voice.format is not None:
            # Nobody may take this for whole.
            return pieces, "max_tokens"
        return [*pieces, TextPiece(REPEATS)], "end_turn"

    def _with_notice(self, pieces: list[Piece]) -> list[Piece]:
        """Behind the thoughts, in front of all else."""
        for at, piece in enumerate(pieces):
            if self._notice and not isinstance(piece, ThinkingPiece):
                notice, self._notice = self._notice, ""
                return [*pieces[:at], TextPiece(notice), *pieces[at:]]
        return pieces

    def _rest(self) -> list[Piece]:
        rest = self._stops.close()
        return [TextPiece(rest)] if rest else []

    def _start(self, prefill: Prefill) -> list[Event]:
        if self._counted:
            return []
        self._counted = True
        self.prompt_tokens, self.cached_tokens = prefill.total, prefill.cached
        return self._begin(self.usage)

    def _begin(self, usage: Usage) -> list[Event]:
        if self._started:
            return []
        self._started = True
        return self.narrator.start(usage)

    def _reason(self, finish: Finish) -> StopReason:
        if finish.reason != "length":
            return "end_turn"
        return "model_context_window_exceeded" if self._cut else "max_tokens"

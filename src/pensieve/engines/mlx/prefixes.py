"""Which prefixes have been computed: a compressed radix tree of token ids, whose values are bounded in bytes.

A path of 100,000 tokens is one stretch of bytes, four a token, and compared as such: looking for what is not there
costs next to nothing.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

WIDTH = 4
_BLOCK = 4096


class Entry(Generic[T]):
    """What was computed for a prefix of so many tokens; with the first `shared` of them other conversations begin."""

    def __init__(self, tokens: int, value: T, nbytes: int, shared: int, node: _Node[T]) -> None:
        self.tokens, self.value, self.nbytes, self.shared = tokens, value, nbytes, shared
        self._node = node


class _Node(Generic[T]):
    def __init__(self, edge: bytes, parent: _Node[T] | None) -> None:
        self.edge, self.parent = edge, parent
        self.children: dict[bytes, _Node[T]] = {}
        self.entry: Entry[T] | None = None


class Match(Generic[T]):
    """`whole`: the longest entry whose tokens all come first. `part`: one of which the first `shared` tokens do."""

    def __init__(self, whole: Entry[T] | None, part: Entry[T] | None, shared: int) -> None:
        self.whole, self.part, self.shared = whole, part, shared


class Prefixes(Generic[T]):
    """What was used last stays longest, and what conversations share longer than what they do not. Not for more than
    one thread.

    `shorten` makes of a value one without its last tokens, and says what it weighs: of the last conversation that goes,
    what it shares then stays. None: values cannot be shortened.
    """

    def __init__(self, budget: int, shorten: Callable[[T, int], tuple[T, int]] | None = None) -> None:
        self.nbytes = 0
        self.budget = budget
        self._shorten = shorten
        self._root: _Node[T] = _Node(b"", None)
        self._own: OrderedDict[int, Entry[T]] = OrderedDict()
        self._shared: OrderedDict[int, Entry[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._own) + len(self._shared)

    def find(self, tokens: Sequence[int]) -> Match[T]:
        """Counts as a use of what is found."""
        node, at, whole = self._reach(_bytes(tokens))
        part = _any_below(node) if at else None
        for entry in (part, whole):
            if entry is not None:
                self._listed(entry).move_to_end(id(entry))
        return Match(whole, part, at // WIDTH)

    def _reach(self, path: bytes) -> tuple[_Node[T], int, Entry[T] | None]:
        """The node at or below the last byte that is there, how many bytes are there, the longest entry on the way."""
        node, at, whole = self._root, 0, self._root.entry
        while (child := node.children.get(path[at : at + WIDTH])) is not None:
            equal = _common(child.edge, path, at)
            at += equal
            node = child
            if equal < len(child.edge):
                break
            whole = node.entry or whole
        return node, at, whole

    def put(self, tokens: Sequence[int], value: T, nbytes: int, *, replaces: bool, shared: int = 0) -> None:
        """`replaces`: the value serves for all prefixes of these tokens too, so that entries on the way can go."""
        self._put(_bytes(tokens), value, nbytes, replaces, shared)

    def _put(self, path: bytes, value: T, nbytes: int, replaces: bool, shared: int) -> None:
        if nbytes > self.budget or not path:
            return
        node, at = self._root, 0
        while at < len(path):
            child = node.children.get(path[at : at + WIDTH])
            if child is None:
                child = _Node(path[at:], node)
                node.children[path[at : at + WIDTH]] = child
            elif (equal := _common(child.edge, path, at)) < len(child.edge):
                child = _split(child, equal)
            at += len(child.edge)
            node = child
        passed: list[Entry[T]] = [node.entry] if node.entry else []
        ancestor = node.parent
        while replaces and ancestor is not None:
            passed += [ancestor.entry] if ancestor.entry else []
            ancestor = ancestor.parent
        for old in passed:
            self._forget(old)
            shared = max(shared, old.shared)
        node.entry = entry = Entry(len(path) // WIDTH, value, nbytes, shared, node)
        self._listed(entry)[id(entry)] = entry
        self.nbytes += nbytes
        for old in passed:
            if old._node is not node:
                _prune(old._node)
        self.shrink(self.budget)

    def remove(self, entry: Entry[T]) -> None:
        if self._listed(entry).get(id(entry)) is entry:
            self._forget(entry)
            _prune(entry._node)

    def shrink(self, budget: int) -> None:
        while self.nbytes > budget:
            # The conversation that was used last outlives what others share.
            first = self._own if len(self._own) > 1 or not self._shared else self._shared
            entry = next(iter(first.values()))
            path = _path(entry._node)[: entry.shared * WIDTH]
            self.remove(entry)
            fits = entry.nbytes * entry.shared <= budget * max(1, entry.tokens)
            if self._shorten and fits and path and entry.shared < entry.tokens and self._reach(path)[1] < len(path):
                value, nbytes = self._shorten(entry.value, entry.tokens - entry.shared)
                if nbytes <= budget:
                    self._put(path, value, nbytes, replaces=False, shared=entry.shared)

    def _listed(self, entry: Entry[T]) -> OrderedDict[int, Entry[T]]:
        return self._shared if entry.shared == entry.tokens else self._own

    def _forget(self, entry: Entry[T]) -> None:
        del self._listed(entry)[id(entry)]
        self.nbytes -= entry.nbytes
        entry._node.entry = None


def _path(node: _Node[T]) -> bytes:
    edges: list[bytes] = []
    while node.parent is not None:
        edges.append(node.edge)
        node = node.parent
    return b"".join(reversed(edges))


def _bytes(tokens: Sequence[int]) -> bytes:
    return array("I", tokens).tobytes()


def _common(edge: bytes, path: bytes, at: int) -> int:
    """How many bytes of whole tokens are equal."""
    most = min(len(edge), len(path) - at)
    equal = 0
    while equal < most and edge[equal : equal + _BLOCK] == path[at + equal : at + min(equal + _BLOCK, most)]:
        equal += _BLOCK
    while equal < most and edge[equal : equal + WIDTH] == path[at + equal : at + equal + WIDTH]:
        equal += WIDTH
    return min(equal, most)


def _split(node: _Node[T], at: int) -> _Node[T]:
    """Puts a node in the middle of an edge."""
    assert node.parent is not None
    middle = _Node(node.edge[:at], node.parent)
    node.parent.children[node.edge[:WIDTH]] = middle
    middle.children[node.edge[at : at + WIDTH]] = node
    node.edge, node.parent = node.edge[at:], middle
    return middle


def _prune(node: _Node[T]) -> None:
    """Takes out nodes that hold nothing and part nothing."""
    while node.parent is not None and node.entry is None:
        parent = node.parent
        if not node.children:
            del parent.children[node.edge[:WIDTH]]
        elif len(node.children) == 1:
            (child,) = node.children.values()
            parent.children[node.edge[:WIDTH]] = child
            child.edge, child.parent = node.edge + child.edge, parent
            return
        else:
            return
        node = parent


def _any_below(node: _Node[T]) -> Entry[T] | None:
    """Every leaf has an entry."""
    while node.entry is None and node.children:
        node = next(iter(node.children.values()))
    return node.entry

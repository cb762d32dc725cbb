"""`extends`: lay a model over the one that it extends.

Mappings merge key by key, at every depth; a key with null removes the parent's key; a list or a
single value replaces the parent's. Two exceptions: the child's touchpoints stand before the
parent's (first match wins, so a child's entry takes precedence), and `model`, `version` and
`description` are never inherited. The order of keys is the parent's, new keys follow at the end;
stages of a ladder whose order must change are written anew: null first, or in a framework of
another name.
"""

from streams.model.tree import Mapping, Scalar, Sequence, Tree, is_null

OWN_KEYS = ("model", "version", "description", "extends")
# Under these keys a mapping says one thing; it is replaced whole.
WHOLE = ("upon", "p_alive")


def laid_over(parent: Mapping, child: Mapping) -> Mapping:
    """Return the child's model with what it takes from its parent."""
    inherited = Mapping(
        source=child.source,
        start=child.start,
        pairs=tuple(pair for pair in parent.pairs if pair[0].value not in OWN_KEYS),
    )
    kept = tuple(pair for pair in child.pairs if pair[0].value in OWN_KEYS)
    rest = Mapping(
        source=child.source,
        start=child.start,
        pairs=tuple(pair for pair in child.pairs if pair[0].value not in OWN_KEYS),
    )
    merged = merge(inherited, rest, top=True)
    return Mapping(source=child.source, start=child.start, pairs=(*kept, *merged.pairs))


def merge(parent: Mapping, child: Mapping, *, top: bool = False) -> Mapping:
    """Return two mappings as one; the child's word is the last."""
    pairs: dict[str, tuple[Scalar, Tree]] = {key.value: (key, value) for key, value in parent.pairs}
    for key, value in child.pairs:
        above = pairs.get(key.value)
        if above is not None and is_null(value):
            del pairs[key.value]
        elif above is None:
            pairs[key.value] = (key, value)
        else:
            pairs[key.value] = (key, combined(above[1], value, key=key.value, top=top))
    return Mapping(source=child.source, start=child.start, pairs=tuple(pairs.values()), flow=child.flow)


def combined(parent: Tree, child: Tree, *, key: str, top: bool) -> Tree:
    """Return what two values under one key come to."""
    if isinstance(parent, Mapping) and isinstance(child, Mapping) and key not in WHOLE:
        return merge(parent, child)
    if top and key == "touchpoints" and isinstance(parent, Sequence) and isinstance(child, Sequence):
        return Sequence(source=child.source, start=child.start, items=(*child.items, *parent.items))
    return child

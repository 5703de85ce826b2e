"""Free text to `Query`: a tolerant left-to-right reader over the lexicon, no model.

One pass. A noun phrase without a waiting relation names the target (or, once there is one, another thing that is put
in relation to it); a relation word is followed by its anchor. Relations belong to the nearest noun before them inside
a clause ("the mug on the table next to the window") and to the target after a comma, a full stop or "and"; orders such
as "closest to" always belong to what the sentence is about. The steps are tried in the order of `_STEPS`:

    viewpoints    where the speaker stands and looks                                  viewpoints.py
    clauses       relations, negations, statements, pronouns, instructions            clauses.py
    choices       sides, ordinals, superlatives, measures                             choices.py
    noun phrases  "the two small brown chairs"                                        noun_phrases.py
"""

from __future__ import annotations

import re
from collections.abc import Collection

from core3d_search.query import lexicon as lex
from core3d_search.query.choices import Choices
from core3d_search.query.cursor import MARKS
from core3d_search.query.draft import Draft
from core3d_search.query.meaning import Query, Viewpoint
from core3d_search.query.notation import looks_exact, read
from core3d_search.query.words import LONGEST_TEXT

_QUOTED_SCENE = re.compile(r"\b(?:in|from)\s+(?:the\s+)?(?:scene|room|scan)?\s*[\"“]([^\"”]{1,80})[\"”]", re.IGNORECASE)
_NAMED_SCENE = re.compile(r"\b(?:in|from|of)\s+(?:the\s+)?(?:scene|scan)\s+(?:named\s+)?([\w./-]*\w)", re.IGNORECASE)


def parse(text: str, vocabulary: Collection[str] = (), scenes: Collection[str] = ()) -> Query:
    """Return what `text` asks for; never raises on free text.

    `vocabulary` adds names of things (labels of the objects at hand), `scenes` names that "in NAME" may mean. Text in
    the exact notation (see `notation`) is read as such; if it is broken, InputError says where.
    """
    if looks_exact(text):
        return read(text)
    scene, rest = split_scene(text, scenes)
    return _Reader(rest, frozenset(name.lower() for name in vocabulary)).query(text, scene)


def split_scene(text: str, scenes: Collection[str]) -> tuple[str | None, str]:
    """Split "in scene NAME" (or a known name after "in", or a quoted one) off the text: the name, and the rest."""
    short = text[: 2 * LONGEST_TEXT]
    known = (
        re.search(rf"\b(?:in|from)\s+(?:the\s+)?(?:room\s+)?({re.escape(name)})(?!\w)", short, re.IGNORECASE)
        for name in scenes
    )
    for found in (_QUOTED_SCENE.search(short), _NAMED_SCENE.search(short), *known):
        if found:
            named = next((name for name in scenes if name.lower() == found.group(1).lower()), found.group(1))
            return named, short[: found.start()] + " " + short[found.end() :]
    return None, text


class _Reader(Choices):
    """All steps together, and what remains to be concluded at the end of the text."""

    aim = "find"

    def query(self, text: str, scene: str | None) -> Query:
        """Read everything and return the query."""
        steps = (
            self.mark, self.question, self.viewpoint, self.imperative, self.conjunction, self.negation, self.measure,
            self.side, self.ordinal, self.alone, self.selector, self.relation, self.attribute, self.statement,
        )  # fmt: skip
        while self.i < len(self.words):
            before = self.i
            if not any(step() for step in steps):
                self.skip()
            self.i = max(self.i, before + 1)  # every step must move on
        self._name_target()
        self._relate_others()
        content = [k for k, word in enumerate(self.words) if word not in MARKS and word not in lex.FUNCTION_WORDS]
        missed = tuple(self.words[k] for k in content if not self.known[k])
        certainty = 1.0 - len(missed) / len(content) if content else 0.0
        target = self.target
        fallback = target is None or not (target.noun or target.described) or certainty < 0.5
        if target is None or not (target.noun or target.described):
            target = Draft(" ".join([word for word in self.words if word not in MARKS][:12]))
        if fallback:
            certainty = min(certainty, 0.3)
        unread = text[LONGEST_TEXT:].split(maxsplit=1)[:1]
        return Query(
            target.frozen(),
            self._viewpoint(),
            scene,
            "count" if self.aim == "count" else "find",
            text,
            (*missed, *(word[:40] for word in unread)),
            round(certainty, 3),
            fallback,
        )

    def question(self) -> bool:
        """ "how many", "count", "number of" ask for a count."""
        if self.target is not None or self.i > 5:
            return False
        pair = (self.word(), self.word(1))
        length = 2 if pair in (("how", "many"), ("number", "of")) else int(self.word() == "count")
        if length:
            self.aim = "count"
            self.eat(length)
        return bool(length)

    def _viewpoint(self) -> Viewpoint | None:
        if self.standing is None and self.facing is None:
            return None
        return Viewpoint(
            self.standing.frozen() if self.standing is not None else None,
            self.facing.frozen() if self.facing is not None else None,
        )

    def _name_target(self) -> None:
        """Give "the one on the left" the noun of the group that was mentioned around it."""
        target = self.target
        if target is None or not (not target.noun or target.name in lex.PLACES or target.name == "row"):
            return
        if self.facing is None or (not target.noun and target.selectors):
            target.noun = self._group_around() or target.noun or (self.facing.noun if self.facing is not None else "")

    def _group_around(self) -> str:
        seen = [draft for draft in (self.facing, self.standing, self.target) if draft is not None]
        anchors = [a for draft in seen for _, found, negated in draft.relations if not negated for a in found]
        for draft in (*(d for d in seen if d.name not in lex.PLACES), *anchors, *self.others):
            if draft.noun and (draft.plural or draft.number):
                return draft.noun
        return ""

    def _relate_others(self) -> None:
        """A thing that was mentioned without a relation to the target is at least expected near it."""
        for other in list(self.others) if self.target is not None else ():
            for relation in other.relations:
                if relation[1] and relation[1][0].is_same_thing_as(self.target):
                    other.relations.remove(relation)
                    self.turn_to_target(other, relation[0], relation[2])
                    break
            else:
                if other.noun and not other.is_same_thing_as(self.target):
                    self.turn_to_target(other, "near", False)

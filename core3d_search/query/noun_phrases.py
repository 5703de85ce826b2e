"""Reads noun phrases: "the two small brown chairs", "the third one", "a row of books"."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS, Cursor
from core3d_search.query.draft import Draft
from core3d_search.query.meaning import Attribute
from core3d_search.query.nouns import canonical
from core3d_search.query.words import singular

_LONGEST_COMPOUND, _LONGEST_PHRASE = 4, 14


class NounPhrases(Cursor):
    """Adds `noun_phrase` to a cursor."""

    def noun_phrase(self, ranked: bool = False) -> Draft | None:
        """Read the noun phrase at the position, or return None and stay there.

        `ranked`: an ordinal was read before ("second" "left chair"), another one does not follow.
        """
        if (self.word(), self.word(1)) in (("each", "other"), ("one", "another")):
            self.eat(2)
            return Draft(pronoun=True, mutual=True)
        start = self.i
        draft = Draft()
        names: list[str] = []
        self._determined = False
        before = (
            self._comma, self._number, self._determiner, self._unseen, self._long_name, self._order, self._side,
            self._ordinal, self._look, self._short_name, self._intensifier, self._unknown,
        )  # fmt: skip
        for _ in range(_LONGEST_PHRASE):
            if not self.word() or names:
                break
            if self._pronoun(draft):
                return draft
            if self.word() == "," and not draft.attributes:
                break
            if (self.word() == "ordinal" and ranked) or not any(step(draft, names) for step in before):
                break
        while 0 < len(names) < _LONGEST_COMPOUND and self._name_goes_on():
            self._take_name(draft, names)
        if not names:
            if draft.attributes or draft.selectors or draft.number:
                draft.pronoun = True  # "the brown", "the larger": an elliptic "one"
                return draft
            self.back(start)
            return None
        draft.noun = " ".join(names)
        return self._whole(draft)

    def noun_follows(self, offset: int) -> bool:
        """Whether a noun follows at `offset` after adjectives, side words and numbers."""
        for k in range(offset, offset + 7):
            word = self.word(k)
            looks = word in lex.ADJECTIVES or word in lex.ORDINALS or word in ("hand", "most", "and", "colored", "side")
            number = word in lex.NUMBERS and word != "one"
            if not (looks or number or word in lex.SIDES):
                break
            if self.name_ahead(k) is not None and word not in lex.SIDES:
                return True
        else:
            return False
        if self.word(k) in ("one", "ones") or self.name_ahead(k) is not None:
            return True
        return self.is_unknown(self.word(k)) and self.name_ahead(k + 1) is not None

    # -- what may stand before the noun: each returns whether it consumed something --------------------------------

    def _comma(self, draft: Draft, names: list[str]) -> bool:
        if self.word() == "," and self.word(1) in lex.ADJECTIVES:  # "small, brown chair"
            self.eat()
            return True
        return False

    def _pronoun(self, draft: Draft) -> bool:
        """Whether the phrase ends with a pronoun: "it", "the brown one", "this is"."""
        word = self.word()
        if word in ("one", "ones") and (self._determined or draft.attributes or draft.selectors):
            self.eat()
            if word == "one" and self.word() == "of":
                self.eat()
                return False
        elif word in lex.DEMONSTRATIVES:
            if self.word(1) not in ("is", "are", "has", "can", "was"):
                return False
            self.eat()
        elif word in lex.PRONOUNS and word != "one":
            self.eat()
        else:
            return False
        draft.pronoun = True
        draft.plural = word in ("them", "ones", "they")
        if self.word() == "'s":
            self.eat()
        return True

    def _number(self, draft: Draft, names: list[str]) -> bool:
        word = self.word()
        number = lex.NUMBERS.get(word) or (int(word) if word.isdigit() and len(word) < 3 else None)
        if number is None:
            return False
        if word not in ("one", "single"):
            draft.number, draft.plural = number, True
        self._determined = True
        self.eat()
        if self.word() == "of":
            self.eat()
        return True

    def _determiner(self, draft: Draft, names: list[str]) -> bool:
        word = self.word()
        if word not in lex.DETERMINERS:
            return False
        self._determined = True
        draft.this = draft.this or word == "this"
        draft.plural = draft.plural or word in ("all", "both", "these", "those", "some", "any")
        self.eat()
        if self.word() == "of" and word in ("all", "both", "some", "any", "each"):
            self.eat()
        return True

    def _long_name(self, draft: Draft, names: list[str]) -> bool:
        found = self.name_ahead()
        if found is None or found[0] == 1:
            return False
        self._take_name(draft, names)
        return True

    def _short_name(self, draft: Draft, names: list[str]) -> bool:
        if self.name_ahead() is None:
            return False
        self._take_name(draft, names)
        return True

    def _order(self, draft: Draft, names: list[str]) -> bool:
        found = self.order_ahead()
        if found is None or found[1] in ("closest", "farthest") or not self.noun_follows(found[0]):
            return False
        draft.pick(found[1])
        self.eat(found[0])
        return True

    def _side(self, draft: Draft, names: list[str]) -> bool:
        if self.word() not in lex.SIDES or not self.noun_follows(1):
            return False
        draft.pick(lex.SIDES[self.word()])
        self.eat(2 if self.word(1) in ("hand", "side", "most") else 1)
        return True

    def _ordinal(self, draft: Draft, names: list[str]) -> bool:
        if self.word() not in lex.ORDINALS or not self._determined or not self.noun_follows(1):
            return False
        draft.pick("first", lex.ORDINALS[self.word()])
        self.eat()
        return True

    def _unseen(self, draft: Draft, names: list[str]) -> bool:
        """What no box shows: "wall mounted", "side by side", "oddly shaped", the "light" of "light blue"."""
        two = (self.word(), self.word(1))
        shaped = two[1] in ("shaped", "sized", "looking", "colored")
        distant = two[0] in ("far", "opposite", "nearby") and self._determined and self.noun_follows(1)
        light = two[0] == "light" and lex.ADJECTIVES.get(two[1], ("", ""))[0] == "color"
        if two in (("wall", "mounted"), ("wall", "hung")) and self.noun_follows(2):
            self.eat(2)
        elif two == ("side", "by") and self.word(2) == "side" and self.noun_follows(3):
            self.eat(3)
        elif shaped and self.is_unknown(two[0]) and self.name_ahead() is None:
            self.eat(2)
        elif distant or light:
            self.eat()
        else:
            return False
        self._determined = True
        return True

    def _look(self, draft: Draft, names: list[str]) -> bool:
        if self.word() not in lex.ADJECTIVES or not (self.name_ahead() is None or self.noun_follows(1)):
            return False
        draft.attributes.append(Attribute(*lex.ADJECTIVES[self.word()]))
        self._determined = True
        self.eat()
        self.eat_any(("colored", "coloured", "shaped", "sized", "color", "shape", "size"))
        if self.word() == "and" and self.word(1) in lex.ADJECTIVES:
            self.eat()
        return True

    def _intensifier(self, draft: Draft, names: list[str]) -> bool:
        if self.word() in lex.INTENSIFIERS and (self.word(1) in lex.ADJECTIVES or self.order_ahead(1)):
            self.eat()
            return True
        return False

    def _unknown(self, draft: Draft, names: list[str]) -> bool:
        """An unknown word is a modifier before a known name or another unknown word, else the noun itself."""
        word = self.word()
        named = self.name_ahead(1) is not None or self.noun_follows(1)
        if not self.is_unknown(word) or not (self._determined or draft.attributes or named):
            return False
        if not named and not self.is_unknown(self.word(1)):
            names.append(singular(word))
            draft.plural = draft.plural or singular(word) != word
        self.i += 1  # not understood: stays unknown
        return True

    # -- the noun ------------------------------------------------------------------------------------------------

    def _take_name(self, draft: Draft, names: list[str]) -> None:
        found = self.name_ahead()
        assert found is not None
        length, name = found
        last = self.word(length - 1)
        draft.plural = draft.plural or (singular(last) != last and canonical(name) not in lex.ALWAYS_PLURAL)
        names.append(name)
        self.eat(length)
        if self.word() == "'s" and self.name_ahead(1) is not None:
            self.eat()

    def _name_goes_on(self) -> bool:
        """Whether the next word extends the name that was begun: "kitchen cabinet door"."""
        word = self.word()
        if self.name_ahead() is None or word in MARKS or word in lex.FUNCTION_WORDS or word in lex.VERBS:
            return False
        return word not in lex.DETERMINERS and word not in lex.PRONOUNS and word not in lex.NEVER_SECOND

    def _whole(self, draft: Draft) -> Draft:
        """Resolve "foot of the bed" to the bed and "stack of boxes" to the boxes; corners and middles stay."""
        part, group = draft.noun in lex.PARTS_OF, draft.noun in lex.GROUPS_OF
        if not (part or group) or self.word() not in ("of", "'s"):
            return draft
        start = self.i
        self.eat()
        inner = self.noun_phrase()
        if inner is None or not inner.noun:
            self.back(start)
            return draft
        if part:
            return draft if inner.is_group_word or draft.noun in ("corner", "middle", "center") else inner
        inner.attributes += draft.attributes
        inner.selectors += draft.selectors
        inner.group = True
        return inner

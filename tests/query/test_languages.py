"""German, French, Spanish and Chinese texts mean what their English counterparts mean."""

import pytest

from core3d_search.errors import InputError
from core3d_search.query import parse
from core3d_search.query.languages import detect, words_of
from core3d_search.query.nouns import canonical
from core3d_search.query.translations import LANGUAGES

SAME = [
    ("de", "der rote Stuhl neben dem Fenster", "the red chair next to the window"),
    ("de", "die Tasse auf dem Tisch", "the cup on the table"),
    ("de", "wo ist der Kühlschrank?", "where is the refrigerator"),
    ("de", "wie viele Stühle", "how many chairs"),
    ("de", "der größte Schrank", "the largest cabinet"),
    ("de", "die Lampe zwischen dem Bett und dem Schreibtisch", "the lamp between the bed and the desk"),
    ("de", "eine kleine blaue Kiste unter dem Schreibtisch", "a small blue box under the desk"),
    ("fr", "la chaise rouge près de la fenêtre", "the red chair next to the window"),
    ("fr", "le fauteuil à gauche de la table", "the armchair left of the table"),
    ("fr", "où est la bouilloire ?", "where is the kettle"),
    ("fr", "une petite lampe noire sur le bureau", "a small black lamp on the desk"),
    ("es", "la silla roja cerca de la ventana", "the red chair next to the window"),
    ("es", "el libro encima de la mesa", "the book on the table"),
    ("es", "cuántas sillas hay", "how many chairs is there"),
    ("es", "la caja azul debajo del escritorio", "the blue box under the desk"),
    ("zh", "窗户旁边的红色椅子", "red chair next to window"),
    ("zh", "桌子上的杯子", "cup on the table"),
    ("zh", "床和书桌之间的灯", "lamp between the bed and the desk"),
    ("zh", "冰箱在哪里？", "where is refrigerator"),
    ("zh", "最大的衣柜", "largest wardrobe"),
]


@pytest.mark.parametrize(("language", "text", "english"), SAME)
def test_a_text_is_read_as_its_english_counterpart(language, text, english):
    assert detect(text) == language
    assert str(parse(text)) == str(parse(english))
    assert str(parse(text, language=language)) == str(parse(english))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_150_nouns_of_the_vocabulary(language):
    nouns = {canonical(english) for english, kind in words_of(language).values() if kind == "noun"}
    assert len(nouns) >= 150


@pytest.mark.parametrize(
    "text",
    [
        "red chair near window",
        "the table in the bureau",
        "lit lamp on a table",
        "couch",
        "a rose sofa",
        "pan on the stove",
    ],
)
def test_english_stays_english(text):
    assert detect(text) is None


def test_what_no_table_knows_is_said():
    query = parse("der gequirlte Stuhl neben dem Fenster", language="de")
    assert query.target.noun == "chair"
    assert "gequirlte" in query.unparsed
    assert query.certainty < 1


def test_an_unknown_language_is_refused():
    with pytest.raises(InputError, match="de, fr, es, zh"):
        parse("стул", language="ru")

"""Classes are found by some letters, the likeliest first."""

from samplewise.review.class_search import MOST_SHOWN, ClassSearch


def test_the_name_itself_then_beginnings_then_words_then_letters():
    search = ClassSearch(["bulldog", "hot dog", "dogfish", "dog", "Dog house"], [9, 8, 1, 0, 7])
    assert search.find("dog") == (["dog", "Dog house", "dogfish", "hot dog", "bulldog"], 0)
    assert search.find("DOG hou")[0] == ["Dog house"]
    assert search.find("house dog")[0] == ["Dog house"]
    assert search.find("cat") == ([], 0)


def test_without_letters_few_classes_keep_their_order_and_of_many_the_largest_come_first():
    assert ClassSearch(["a", "b", "c"], [1, 3, 2]).find("") == (["a", "b", "c"], 0)
    assert ClassSearch(["a", "b", "c"], [1, 3, 2]).find("", most=2) == (["b", "c"], 1)
    assert ClassSearch(["a", "b", "c"]).find("", most=2) == (["a", "b"], 1)


def test_of_very_many_only_some_are_listed_and_the_rest_is_counted():
    search = ClassSearch([f"class {number}" for number in range(100_000)])
    found, more = search.find("class 9999")
    assert found[:2] == ["class 9999", "class 99990"]
    assert (len(found), more) == (19, 0)
    found, more = search.find("class")
    assert (len(found), more) == (MOST_SHOWN, 100_000 - MOST_SHOWN)


def test_all_words_count_and_the_best_of_many_come_first():
    names = [f"class {number}" for number in range(3_000)] + ["glass class 7", "subclass 7"]
    found, more = ClassSearch(names).find("class 7", most=3)
    assert found == ["class 7", "class 70", "class 71"]
    assert more == sum("7" in name for name in names) - 3
    assert ClassSearch(names).find("lass gl 7")[0] == ["glass class 7"]
    assert ClassSearch(names).find("class 7", most=200)[0][110:113] == ["class 799", "glass class 7", "class 17"]


def test_letters_that_a_pattern_would_read_are_letters():
    assert ClassSearch(["a.*b", "axxb", "ß"]).find(".*")[0] == ["a.*b"]
    assert ClassSearch(["straße"]).find("STRASSE")[0] == ["straße"]

from samplewise.cli.list_options import spelled_out


def test_words_after_a_list_option_belong_to_it():
    args = ["a.csv", "--drop-columns", "x", "y", "--label", "z"]
    assert spelled_out(args) == ["a.csv", "--drop-columns", "x", "--drop-columns", "y", "--label", "z"]


def test_repeated_options_stay_as_they_are():
    args = ["a.csv", "--segments", "sex", "--segments", "race"]
    assert spelled_out(args) == args


def test_before_the_path_nothing_is_swallowed():
    args = ["--segments", "sex", "a.csv"]
    assert spelled_out(args) == args


def test_other_options_swallow_nothing():
    args = ["a.csv", "--label", "y", "stray"]
    assert spelled_out(args) == args


def test_a_double_dash_ends_the_options():
    args = ["a.csv", "--segments", "sex", "--", "race", "age"]
    assert spelled_out(args) == args

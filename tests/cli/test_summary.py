from samplewise.cli.summary import understood_lines

COLUMNS = [
    {"name": "age", "kind": "numeric", "role": "feature", "note": ""},
    {"name": "job", "kind": "category", "role": "feature", "note": ""},
    {"name": "key", "kind": "id", "role": "excluded", "note": "names the row"},
]


def lines(make, plan=None, **facts):
    made = make.record(**facts)
    return "\n".join(understood_lines(made.data, made.plan | (plan or {})))


def test_everything_a_person_must_know_before_the_audit_runs(make):
    text = lines(
        make,
        {"estimated_seconds": 72.0},
        columns=COLUMNS,
        source="adult.csv",
        rows=1200,
        test_rows=30,
        missing_labels=4,
    )
    parts = (
        "adult.csv: 1,200 rows, 4 more without", "30 rows", "y: 2 classes: no (50 %) and yes (50 %)", "row number",
        "key (id)", "2 the model sees (1 numeric, 1 category)", "kernel (because)", "seed 0",
    )  # fmt: skip
    assert [part for part in parts if part not in text] == []


def test_a_regression_has_no_classes_and_images_have_a_shape(make):
    text = lines(make, classes=[], class_counts=[], shape=[10, 28, 28, 1])
    assert "a number (regression)" in text
    assert "10 \u00d7 28 \u00d7 28 \u00d7 1" in text


def test_notes_are_cut_and_control_characters_are_replaced(make):
    text = lines(make, notes=[f"note {number}" for number in range(9)], label="y\x1b[31m")
    assert "3 more in the report" in text
    assert "\x1b" not in text


def test_a_column_left_out_is_named_once(make):
    text = lines(make, columns=COLUMNS, notes=["key: names the row", "age: read as missing: ? (3 cells)"])
    assert text.count("key") == 1
    assert "age: read as missing" in text


def test_questions_are_asked_in_full(make):
    question = "long " * 60 + "--decimal ."
    assert f"question {question}" in lines(make, questions=[question])

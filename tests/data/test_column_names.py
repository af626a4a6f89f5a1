"""What a column's name says."""

import pytest

from samplewise.data.column_names import names_a_category, names_a_code, names_a_date, names_a_serial, names_an_id

SAID = {
    names_an_id: (["id", "customer_id", "CustomerID", "uuid", "Unnamed: 0", "row", "Index", "rownames"],
                  ["valid", "paid", "humid", "arrow", "price_index"]),
    names_a_serial: (["invoice_number", "case nr"], ["number of rooms", "nr", "inner"]),
    names_a_code: (["zip", "ZIP code", "post_code", "PLZ", "phone", "tel_no"], ["zipper", "hotel", "phones_sold"]),
    names_a_category: (["job_type", "region", "marital"], ["age", "price"]),
    names_a_date: (["birthdate", "created_at"], ["age", "price"]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "name", "said"), [(rule, name, said) for rule, both in SAID.items() for said, names in
                               zip((True, False), both, strict=True) for name in names],
)  # fmt: skip
def test_names_say_what_they_say(rule, name, said):
    assert rule(name) is said

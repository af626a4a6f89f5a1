"""Every drawing reads only the record: one that went through JSON draws the same."""

import pytest

from samplewise import report
from samplewise.core.errors import InputError
from samplewise.core.findings import AuditRecord


@pytest.mark.parametrize("draw", ["to_html", "to_markdown", "to_junit", "to_json", "summary_text"])
def test_a_record_that_went_through_json_draws_the_same(any_record: AuditRecord, draw: str) -> None:
    again = report.from_json(report.to_json(any_record))
    assert getattr(report, draw)(again) == getattr(report, draw)(any_record)


def test_text_that_is_not_json_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"(?s)not JSON.*where:\s+line 2.*fix:\s+pass what to_json wrote"):
        report.from_json('{"a":\n!}')

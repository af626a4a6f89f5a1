"""What a column's name says: an id, a code that only looks like a number, a date, a group."""

import re

_ID = re.compile(  # an index alone numbers rows; `price_index` measures
    r"(^|[_\W])(id|ids|uuid|guid|key|rowid|row|row_?(names?|numbers?|index)|unnamed: 0)$|^(index|idx)$", re.IGNORECASE
)
_CAMEL_ID = re.compile(r"[a-z]I[Dd]$")
_NUMBER = re.compile(r"[_\W](number|num|nr|no)$", re.IGNORECASE)
_CODE = re.compile(
    r"(^|[_\W])(zip|zip_?codes?|post_?codes?|postal(_?codes?)?|plz|cp|phone|tel|telephone|mobile|fax|isbn|issn|ean|upc|gtin"
    r"|iban|bic|ssn|fips|geoid|naics|sic|icd\d*|cas)([_\W]?(no|nr|num|number|code))?$",
    re.IGNORECASE,
)
_DATE = re.compile(r"date|time|timestamp|_at$|day", re.IGNORECASE)
_CATEGORY = re.compile(
    r"code|type|class|categor|kind|group|cluster|region|district|status|race|ethnic|religion|marital|occupation|job"
    r"|sector|industry|brand|color|colour|mode|species|sex|gender",
    re.IGNORECASE,
)


def names_an_id(name: str) -> bool:
    """Whether a column is named like one that names rows.

    >>> names_an_id("customerId"), names_an_id("paid")
    (True, False)
    """
    return bool(_ID.search(name) or _CAMEL_ID.search(name))


def names_a_serial(name: str) -> bool:
    """Whether a column is named like a running number: `invoice_number`, `case nr`."""
    return bool(_NUMBER.search(name))


def names_a_code(name: str) -> bool:
    """Whether a column is named like a code that only looks like a number: a postcode, a telephone number, an ISBN.

    >>> names_a_code("zip"), names_a_code("zipper_length")
    (True, False)
    """
    return bool(_CODE.search(name))


def names_a_category(name: str) -> bool:
    """Whether a column is named like one whose numbers may stand for categories."""
    return bool(_CATEGORY.search(name))


def names_a_date(name: str) -> bool:
    """Whether a column is named like a date or time."""
    return bool(_DATE.search(name))

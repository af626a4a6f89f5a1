"""What is wrong with the table itself: duplicates, test overlap, outliers, leakage, missing values, ids, odd cells."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "id_and_date_columns": ["IdOrDateColumns", "id_or_date_columns"],
        "duplicates": ["Duplicates", "find_duplicates"],
        "label_leakage": ["ColumnSkill", "column_skill"],
        "missing": ["MissingValues", "missing_values"],
        "outliers": ["Outliers", "outlier_scores"],
        "overlap": ["Overlap", "find_test_overlap"],
        "suspicious": ["SuspiciousCells", "suspicious_cells"],
    },
)

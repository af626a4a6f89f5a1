"""Floor 4: the main job. `samplewise.audit` runs every check, tests the advice, and writes one record."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submodules=[
        "audit_call",
        "catalog",
        "chosen_remedies",
        "demo",
        "elsewhere",
        "monitored",
        "more_data",
        "options",
        "prepare_audit",
        "replaced_record",
        "run_folder",
        "run_state",
    ],
    submod_attrs={
        "audit_call": ["Audit", "audit"],
        "evidence": ["Evidence"],
        "saved_audit": ["load_audit"],
        "plan": ["Plan", "make_plan"],
    },
)

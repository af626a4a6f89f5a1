"""Floor 4: the main job. `samplewise.audit` runs every check, tests the advice, and writes one record."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submodules=["catalog", "chosen_remedies", "demo", "run_folder", "run_state", "replaced_record", "more_data"],
    submod_attrs={
        "audit_call": ["Audit", "audit"],
        "evidence": ["Evidence"],
        "saved_audit": ["load_audit"],
        "plan": ["Plan", "make_plan"],
    },
)

"""The forms in which a review goes out and comes back; here alone they are named."""

from typing import Literal, get_args

Form = Literal["jsonl", "csv", "label-studio", "fiftyone", "cleanlab", "huggingface"]
FORMS: tuple[Form, ...] = get_args(Form)
READ_BACK: tuple[Form, ...] = ("jsonl", "csv", "label-studio", "fiftyone")

"""The record as a notebook shows it: verdict, numbers, the picture of the remedies, findings, links; no script.

Colors are those of the notebook around it, light or dark: text inherits, and lines are see-through.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from samplewise.core.findings import AuditRecord
from samplewise.core.texts import count_of, html_table, printable, shortened
from samplewise.report.bars import Bar, Picture, remedy_picture
from samplewise.report.limits import Limits
from samplewise.report.remedy_order import NOT_TESTED, Advice, advice_of, change_text
from samplewise.report.verdict import untold_extent, verdict
from samplewise.report.wording import SEVERITY_WORDS, estimate_text

MOST_FINDINGS = 20
SMALL = Limits(remedies=12, text=120)
STYLE = """<style>
.samplewise{max-width:60rem;line-height:1.4}
.samplewise .sw-verdict{border-left:5px solid #2e7d50;padding:.3rem 0 .3rem 1rem;margin:.3rem 0 1rem}
.samplewise .sw-error{border-color:#b03a2e}.samplewise .sw-warning,.samplewise .sw-incomplete{border-color:#b7791f}
.samplewise .sw-sentence{font-size:1.15em;margin:0 0 .6rem}
.samplewise .sw-numbers{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin:0}
.samplewise .sw-numbers div{margin:0}.samplewise .sw-numbers strong{display:block;font-size:1.15em}
.samplewise .sw-row{display:grid;grid-template-columns:minmax(9rem,20rem) 1fr minmax(9rem,16rem);gap:1rem}
.samplewise .sw-plot{position:relative;height:1.9rem}
.samplewise .sw-plot i{position:absolute;height:.7rem;top:.2rem;background:#3b6ea8}
.samplewise .sw-plot i.sw-control{top:1.05rem;height:.45rem;background:#8a8a8a}
.samplewise .sw-plot i.sw-hurts{background:#b03a2e}.samplewise .sw-plot i.sw-unclear{opacity:.45}
.samplewise .sw-plot b{position:absolute;height:1px;top:.54rem;background:currentColor}
.samplewise .sw-plot u{position:absolute;width:1px;top:0;bottom:0;background:currentColor;opacity:.5}
.samplewise table td,.samplewise table th{text-align:left!important}
</style>"""


def summary_html(record: AuditRecord, report: str | Path | None = None) -> str:
    """The verdict, the picture of the remedies and the findings as an HTML fragment for a notebook cell.

    Args:    record: any audit record.   report: path of the whole report, which is linked to.
    Cost:    O(findings).

    >>> "No check has run yet" in summary_html(AuditRecord(2, {"rows": 3}, {}, {}, ()))
    True
    """
    parts = [STYLE, *_verdict(record), *_remedies(record), *_findings(record)]
    if report is not None:
        address = escape(Path(report).as_posix(), quote=True)
        parts.append(f'<p>The whole report: <a href="{address}" target="_blank">{address}</a></p>')
    return f'<div class="samplewise">{"".join(parts)}</div>'


def _verdict(record: AuditRecord) -> Iterator[str]:
    said = verdict(record)
    yield f'<div class="sw-verdict sw-{said.level}"><p class="sw-sentence">{_text(said.sentence)}</p>'
    numbers = [
        f"<div>{_text(item.label)}<strong>{_text(item.text)}</strong>{_text(item.detail)}</div>"
        for item in said.headlines
    ]
    yield f'<div class="sw-numbers">{"".join(numbers)}</div></div>'


def _remedies(record: AuditRecord) -> Iterator[str]:
    tested, untested = advice_of(record)
    picture = remedy_picture(tested, SMALL)
    if picture is not None:
        yield f"<p>What each remedy was measured to do on held-out rows, in {_text(picture.unit)}:"
        yield " right of the line is better. Gray: a random remedy of the same size.</p>"
        yield from _rows(picture)
    every = [*tested, *untested]
    yield html_table(("remedy", "effect on held-out rows", "verdict"), map(_remedy_cells, every))


def _rows(picture: Picture) -> Iterator[str]:
    for row in picture.rows:
        bars = _bar(row.bar, f"sw-{row.style}") + (_bar(row.control, "sw-control") if row.control else "")
        zero = f'<u style="left:{picture.zero}%"></u>'
        words = " · ".join(filter(None, (row.word, row.number, row.cost)))
        plot = f'<div class="sw-plot">{bars}{zero}</div>'
        yield f'<div class="sw-row"><div>{_text(row.label)}</div>{plot}<div>{_text(words)}</div></div>'


def _bar(bar: Bar, style: str) -> str:
    title = escape(printable(bar.hover), quote=True)
    drawn = f'<i class="{style}" title="{title}" style="left:{bar.start}%;width:{bar.width}%"></i>'
    if bar.low is None or bar.high is None or style == "sw-control":
        return drawn
    return f'{drawn}<b style="left:{bar.low}%;width:{round(bar.high - bar.low, 3)}%"></b>'


def _findings(record: AuditRecord) -> Iterator[str]:
    findings = list(record.findings())
    yield html_table(
        ("finding", "", "how many", "measured"),
        (
            (
                f"{item.code} {item.title}",
                SEVERITY_WORDS[item.severity],
                untold_extent(item),
                estimate_text(item.measured[0]) if item.measured else "",
            )
            for item in findings[:MOST_FINDINGS]
        ),
    )
    if len(findings) > MOST_FINDINGS:
        yield f"<p>and {count_of(len(findings) - MOST_FINDINGS, 'more finding')}</p>"


def _remedy_cells(item: Advice) -> tuple[str, str, str]:
    effect = change_text(item.remedy) if item.tested else item.remedy.reason
    return shortened(item.action, SMALL.text), effect, item.remedy.verdict or NOT_TESTED


def _text(value: str) -> str:
    return escape(printable(value))

"""Small pieces of HTML that the page shows: header, models, clip, status. Pure functions; all text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from clipvad.core import ZERO_SHOT, Analysis, ModelUse, VideoInfo
from clipvad.progress import Progress

HEADER = """
<div class="pg-header">
  <div class="pg-mark">
    <svg viewBox="0 0 26 20" fill="none" stroke="currentColor" stroke-width="2.2" aria-hidden="true">
      <path d="M1 15h6l3-3 3 2 3-11 3 12 2-3h4"/><path d="M1 8h24" stroke-width="1" stroke-dasharray="2 3"/>
    </svg>clipvad
  </div>
  <div class="pg-purpose">Say what is normal at a place and what is not. See when a clip departs from it, and why.</div>
  <button class="pg-theme" type="button" aria-label="Switch between light and dark">&#9680;</button>
</div>
"""
HEADER_JS = """
element.querySelector('.pg-theme').addEventListener('click', () => {
  const dark = document.body.classList.toggle('dark');
  localStorage.setItem('clipvad-theme', dark ? 'dark' : 'light');
});
(function measure() { // how far the right column scrolls before it stays: the style sheet knows no heights
  const right = document.querySelector('#pg-right');
  if (!right) { requestAnimationFrame(measure); return; }
  new ResizeObserver(() => right.style.setProperty('--pg-height', `${right.offsetHeight}px`)).observe(right);
})();
"""


def file_url(path: Path) -> str:
    """Where the browser fetches a file of its own session (relative, so that it works behind a proxy's prefix)."""
    return f"gradio_api/file={quote(str(path))}"


def models_line(encoder: ModelUse | None, detector: ModelUse | None, scorer: ModelUse = ZERO_SHOT) -> str:
    """Which models run, and what they cannot do; zero-shot scoring is no model."""
    if encoder is None:
        return '<div class="pg-models">The models are being loaded.</div>'
    parts = [_model("Encoder", encoder)]
    if detector is not None:
        parts.append(_model("Detector", detector))
    if scorer != ZERO_SHOT:
        parts.append(_model("Scorer", scorer))
    return f'<div class="pg-models" data-testid="models">{"".join(parts)}</div>'


def _model(kind: str, use: ModelUse) -> str:
    where = f" on {escape(use.device)}" if use.device else ""
    limits = f" <i>{escape(use.limits)}</i>" if use.limits else ""
    return f'<span tabindex="0" title="{escape(use.id)}">{kind}: <b>{escape(use.label)}</b>{where}.{limits}</span>'


def clip_line(info: VideoInfo | None) -> str:
    """What is known of the clip, with its warnings."""
    if info is None:
        return '<div class="pg-clip-line">No clip yet.</div>'
    facts = [f"{info.width} × {info.height}", f"{info.fps:.3g} fps", duration(info.duration_s), info.codec]
    warnings = "".join(f'<span class="pg-warning">{escape(warning)}</span>' for warning in info.warnings)
    return f'<div class="pg-clip-line"><b>{escape(info.name)}</b> · {escape(" · ".join(facts))}{warnings}</div>'


def note(text: str, *, error: bool = False, remarks: Sequence[str] = ()) -> str:
    """One line of status; under it a line for each of `remarks`."""
    kind = ' pg-error" role="alert' if error else '" role="status'
    below = "".join(f'<span class="pg-remark">{escape(remark)}</span>' for remark in remarks)
    return f'<div class="pg-status{kind}" data-testid="status">{escape(text)}{below}</div>'


def progress_line(progress: Progress) -> str:
    """Stage, bar, rate and time left of a running analysis."""
    known = progress.done_s > 0
    facts = [f"<b>{escape(progress.stage.capitalize())}</b>"]
    if known:
        facts.append(f"{duration(progress.done_s)} of {duration(progress.total_s)}")
        if progress.frames_per_s > 0:
            facts.append(f"<b>{progress.frames_per_s:.0f}</b> frames/s")
        if progress.left_s is not None:
            facts.append(f"about {duration(progress.left_s)} left")
    percent = round(progress.fraction * 100)
    return (
        f'<div class="pg-status" role="status" data-testid="status" data-running="{percent}">'
        f'<div class="pg-bar{"" if known else " pg-unknown"}"><span style="width:{percent}%"></span></div>'
        f"{' · '.join(facts)}</div>"
    )


def outcome(analysis: Analysis) -> str:
    """What a finished analysis found, what it cost, and what of the rules could not be applied."""
    events = len(analysis.events)
    found = f"{events} event{'' if events == 1 else 's'}"
    total = analysis.timings_s.get("total", 0.0)
    if analysis.from_cache or total <= 0:
        cost = "from stored features, no model had to run"
    else:
        cost = f"in {duration(total)}, {analysis.video.duration_s / total:.1f} × real time"
    return note(f"{found} in {duration(analysis.video.duration_s)} of video, {cost}.", remarks=analysis.remarks)


def duration(seconds: float) -> str:
    """Seconds for people: 8.2 s, 1:05 min, 1:02:09 h."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"

"""The About tab: what runs, its licence and limits, where the footage goes."""

from __future__ import annotations

from html import escape

from clipvad import __version__
from clipvad.core import Analysis, ModelUse
from clipvad.llm import MAX_FRAMES
from clipvad.settings import Settings
from clipvad.ui.drafting.offer import Offer


def about_html(analysis: Analysis | None, settings: Settings) -> str:
    """The tab's text; `analysis` tells which models run, None while they load."""
    encoder = analysis.encoder if analysis else None
    detector = analysis.detector if analysis else None
    return f"""
<div class="pg-about">
<h2>What runs</h2>
<dl>{_model("Encoder", encoder)}{_model("Detector", detector)}
<dt>Program</dt><dd>clipvad {escape(__version__)}</dd></dl>
<h2>How a score comes about</h2>
<p>The encoder turns each sampled picture, or each object cut out of it, and each of your sentences into vectors. Their
similarities go through a softmax over all sentences that are on; the score is the share of the abnormal ones. In object
mode a frame has the score of its most abnormal object. A sliding median then smooths the curve, and a span above the
threshold becomes an event. Nothing is trained on your clip.</p>
<h2>What it cannot do</h2>
<p>A score is not a calibrated probability: choose the threshold for your camera. The softmax must share out all of its
weight, so a picture that fits no sentence still gets a score; add normal sentences for what belongs there. Models of
this kind hardly understand negation, counts and order: write “a person riding a bicycle”, not “no bicycles”.
In whole-frame mode, without training, such models are close to chance on long surveillance footage of crimes; what an
object is or does at a place is their stronger side. Small, dark or blurred objects are missed.
It assists a person and must not decide about people alone.</p>
<h2>Privacy</h2>
<p>Footage stays on the machine that runs this program. Your clip and its results lie in a folder of your session alone
and are deleted after the page is closed. Features, from which the pictures cannot be viewed, are kept in a cache of at
most {settings.cache_mb} MB, so that the same clip need not be computed twice. No usage data is collected; {_sent()}</p>
<h2>Licence</h2>
<p>clipvad is free software under the GNU Affero General Public License, version 3 or later, because the YOLO detectors
it can use (Ultralytics) are. Who offers it over a network must offer its source.</p>
</div>"""


def _sent() -> str:
    server = Offer.from_env().server
    if server is None:
        return "no picture, sentence or result is sent anywhere."
    return (
        "nothing is sent anywhere unless you draft rules: then what you write in that form goes to "
        f"{escape(server.host)}, with the names of your zones and, only if you tick their box, up to {MAX_FRAMES} "
        "small frames of the clip."
    )


def _model(kind: str, use: ModelUse | None) -> str:
    if use is None:
        return ""
    facts = " · ".join(fact for fact in (use.device, use.precision) if fact)
    limits = f"<br>{escape(use.limits)}" if use.limits else ""
    return (
        f"<dt>{kind}</dt><dd><b>{escape(use.label)}</b> {escape(facts)}<br><code>{escape(use.id)}</code>{limits}</dd>"
    )

"""Player, boxes, timeline, explanation and event list as one Gradio component.

`Timeline` is the component; `payload`, `patch` and `partial` make the values it shows. Python owns the
numbers (scores, events), the browser only draws them and reports what the user does.
"""

from clipvad.ui.timeline.component import Timeline
from clipvad.ui.timeline.payload import partial, patch, payload

__all__ = ["Timeline", "partial", "patch", "payload"]

"""Rules drafted from plain words, by the language model that the operator set up or by the prompt library."""

from clipvad.llm.draft import draft, draft_policy, draft_rules
from clipvad.llm.job import DraftJob
from clipvad.llm.limit import DraftLimit
from clipvad.llm.pictures import MAX_FRAMES, read_picture
from clipvad.llm.prompt import Wish
from clipvad.llm.server import Server
from clipvad.llm.suggestions import Accepted, Draft, Suggestion

__all__ = [
    "MAX_FRAMES",
    "Accepted",
    "Draft",
    "DraftJob",
    "DraftLimit",
    "Server",
    "Suggestion",
    "Wish",
    "draft",
    "draft_policy",
    "draft_rules",
    "read_picture",
]

"""The Python SDK for authors of Gabion guardrails. See README.md."""

from .arn import Arn
from .change import Change, Graph, Mode, Operation, Reference, Stage
from .cidr import Cidr
from .join import Companions, Join
from .log import log
from .outcome import NOT_APPLICABLE, PASS, Finding, Json, Review, Verdict, found
from .packs import Control, Level, Pack, Problem, Rule, Target, plan_rule, rule
from .policy import (
    Choice,
    Condition,
    PolicyDocument,
    Principal,
    Statement,
    account_of,
    matches,
    matches_ignoring_case,
)
from .settings import Settings, setting
from .stop import Failure, Stop, Undetermined, Unreadable, Why
from .tags import Tags
from .value import Kind, Secret, Value

__all__ = [
    "Arn", "Change", "Choice", "Cidr", "Companions", "Condition", "Control", "Failure", "Finding", "Graph", "Join", "Json", "Kind",
    "Level", "Mode", "NOT_APPLICABLE", "Operation", "PASS", "Pack", "PolicyDocument", "Principal", "Problem",
    "Reference", "Review", "Rule", "Secret", "Settings", "Stage", "Statement", "Stop", "Tags", "Target",
    "Undetermined", "Unreadable", "Value", "Verdict", "Why", "account_of", "found", "log", "matches",
    "matches_ignoring_case", "plan_rule", "rule", "setting",
]  # fmt: skip

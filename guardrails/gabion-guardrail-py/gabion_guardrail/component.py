"""The exports of a component: what `gabion build` wraps around a pack. Works only inside a component."""

import json
import sys
from collections.abc import Callable
from typing import Any

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import rules as wit
from wit_world.imports import log as host_log

from . import host
from .change import Change, Graph
from .log import Printed, Severity, log_to
from .outcome import NOT_APPLICABLE, Verdict
from .packs import Pack, Rule
from .stop import Stop

_SEVERITIES = {one.name.lower(): one for one in host_log.Severity}


def _write(severity: Severity, message: str) -> None:
    host_log.write(_SEVERITIES[severity], message)


def component(pack: Pack, name: str, version: str) -> type:
    """The class `Rules` of a component: what it exports for this pack."""
    rules = {one.code: one for one in pack.rules}
    log_to(_write)
    sys.stdout, sys.stderr = Printed("info"), Printed("warn")

    def named(code: str) -> Rule:
        if code not in rules:
            raise Err(f"the pack `{name}` has no rule `{code}`")
        return rules[code]

    class Rules(exports.Rules):
        def describe(self) -> wit.Pack:
            return wit.Pack(name, version, pack.settings_schema, [_described(one) for one in pack.rules])

        def configure(self, settings: str) -> None:
            given = json.loads(settings)
            if pack.settings:
                pack.settings.set(given)
            problems = pack.configure(pack.settings.current() if pack.settings else given) if pack.configure else None
            if problems:
                raise Err([wit.SettingsProblem(one.path, one.message) for one in problems])

        def check(self, rule: str, change: Any) -> Any:
            host.begin()
            one, subject = named(rule), Change(change)
            return _answer(lambda: one.judge(subject) if one.judges(subject.resource_type) else NOT_APPLICABLE, rule)

        def check_plan(self, rule: str, graph: Any) -> Any:
            host.begin()
            one = named(rule)
            return _answer(lambda: one.judge(Graph(graph)), rule)

    return Rules


def _described(rule: Rule) -> wit.Rule:
    return wit.Rule(
        code=rule.code,
        name=rule.name,
        title=rule.title,
        page=rule.page,
        level=wit.Level[rule.level.upper()],
        scope=wit.Scope[rule.scope.upper()],
        targets=[wit.Target(one.resource_type, one.provider, one.versions) for one in rule.targets],
        controls=[wit.Control(one.framework, one.id, one.confirmed) for one in rule.controls],
        since=rule.since,
    )


def _answer(judge: Callable[[], Verdict], code: str) -> Any:
    """A rule's answer in the contract's words."""
    try:
        verdict = judge()
    except Stop as stop:
        if not stop.failed:
            return wit.Verdict_Undetermined(str(stop))
        raise Err(str(stop)) from None
    except Err:
        raise
    except Exception as error:
        raise Err(f"{type(error).__name__}: {error}") from None
    finally:
        host.end()
    if not isinstance(verdict, Verdict):
        message = "return PASS, NOT_APPLICABLE, found(...) or review.outcome()"
        raise Err(f"the rule `{code}` returned no verdict: {message}")
    if verdict.tag == "pass":
        return wit.Verdict_Pass()
    if verdict.tag == "not-applicable":
        return wit.Verdict_NotApplicable()
    return wit.Verdict_Violation(
        [
            wit.Finding(
                address=one.address,
                path=one.path,
                observed=one.observed_text,
                message=one.message,
                fix=[wit.Patch(path, value) for path, value in one.patches],
            )
            for one in verdict.findings
        ]
    )

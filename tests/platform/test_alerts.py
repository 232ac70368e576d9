"""The alert rules speak of figures that exist."""

import re
from pathlib import Path

import yaml

from shared.metrics import exposition

RULES = Path(__file__).resolve().parents[2] / "deploy" / "alerts.yml"


def test_every_rule_names_a_figure_that_is_exported_and_says_what_to_do() -> None:
    body, _ = exposition()
    known = set(re.findall(r"^# HELP (\w+) ", body.decode(), re.MULTILINE))
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 10
    for rule in rules:
        assert set(re.findall(r"liaison_\w+", rule["expr"])) <= known, rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "action"}

"""Words for people: why a decision was taken, what gives points and what rules out. Pure; nothing here decides."""

from services.routing.wording import plain, who

WHY = {
    "first": "The first to be asked",
    "step_due": "The next step was due",
    "nobody_available": "The step before found nobody",
    "nobody_at_home": "Nobody of the owning force could answer in time",
    "declined": "Everybody asked before has declined",
    "refill": "In place of somebody who declined or could not be reached",
    "unreachable": "Nobody asked before could be reached",
    "came_on_duty": "Somebody came on duty",
    "override": "A supervisor chose",
}
SCOPES = {
    "home_first": "the owning force, another only if nobody there can answer in time",
    "home": "the owning force",
    "sisters": "the other forces of the pool",
    "pool": "every force of the pool",
}
PARTS = {
    "continuity": "Known to the person",
    "district": "District",
    "shift": "Duty left",
    "skills": "Needs",
    "caseload": "Caseload",
    "language": "Language",
    "travel": "Travel",
    "fairness": "Since last task",
}
TIRED = {"shift_ends_soon": "duty ends soon", "short_rest": "short rest"}
RULES = {
    "training_lapsed": "Training has lapsed",
    "leave": "On leave",
    "sick": "Sick",
    "court": "At court",
    "abstracted": "Abstracted to other work",
    "restricted": "On restricted duties",
    "event": "At an event",
    "busy": "Busy",
    "off_duty": "Off duty",
    "shift_ends_too_soon": "Duty ends too soon",
    "not_to_be_asked": "Not to be asked",
    "avoids_area": "Does not go to this area",
    "person_refused_other_forces": "The person wants no other force",
    "other_force_not_yet": "Another force, not asked yet",
    "home_force": "Of the owning force, asked at another step",
    "gender_required": "Not the gender the person requires",
    "language_required": "No language the person requires",
    "skill_required": "Not every skill the person requires",
    "cap": "Has as many tasks as they can",
}
WITHHELD = "What an earlier referral gives is left out until somebody confirms that it is the same person's."


def why_words(why: str, scope: str) -> str:
    """`The next step was due: the owning force.`"""
    return f"{WHY.get(why) or plain(why).capitalize()}: {SCOPES.get(scope, plain(scope))}."


def choice_words(by: str, reason: str) -> str:
    """`Chosen by the sergeant (Herts): local knowledge.`"""
    return f"Chosen by {who(by)}: {plain(reason)}."


def order_words(scope: str) -> str:
    """What comes before what in a ranking."""
    force = "the owning force before others, " if scope == "home_first" else ""
    return (
        f"First who can answer in time, {force}the rested before the tired, then by points, then by the longest wait."
    )


def rule_words(code: str) -> str:
    """`Training has lapsed`; a rule without words reads as its code."""
    return RULES.get(code) or plain(code).capitalize()


def tired_words(code: str | None) -> str:
    """`duty ends soon`, nothing for whoever is rested."""
    return TIRED.get(code, plain(code)) if code else ""

"""The forms of a referral's page: one for each action that applies, described here and drawn by `form.html`. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.routing.form_words import (
    ACKNOWLEDGEMENTS,
    CLOSINGS,
    MEANS,
    NEXT_STEPS,
    OUTCOMES,
    RELEASES,
    REOPENINGS,
    TOLD,
    Word,
    named,
)
from services.routing.rules.referral.contacting import agreed_means, safeguarded
from services.routing.rules.referral.state import Referral
from services.routing.typed_times import clock_change
from services.routing.wording import DECLINES, who
from shared.contracts.policy import PolicyDocument
from shared.local_time import day_and_time, length_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to fill in: `choice` shows every option, `select` folds them up, `time` is a local date and time.

    `digits` is a code that somebody was sent.
    """

    name: str
    label: str
    kind: Literal["choice", "select", "time", "line", "digits"]
    options: Sequence[Word] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form for an action. `at_once`: somebody waits for it, so it stands open. `place` is whose page takes it."""

    action: str
    heading: str
    button: str
    entries: tuple[Entry, ...] = ()
    more: str = ""
    at_once: bool = False
    place: Literal["referrals", "tasks"] = "referrals"

    @property
    def id(self) -> str:
        """Its name on the page."""
        return f"do-{self.action.replace('/', '-')}"

    def to(self, reference: str) -> str:
        """Where it is sent."""
        return f"/{self.place}/{reference}/{self.action}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What forms are made from: the referral, who looks at it (as signed in), and the world around it."""

    referral: Referral
    viewer: str
    policy: PolicyDocument
    now: datetime
    colleagues: Sequence[Word] = ()
    """Officers on duty, to be asked to take over."""

    @property
    def change(self) -> str:
        """What is said of a clock change that is near."""
        return clock_change(self.now)


def forms_for(actions: Sequence[str], scene: Scene) -> list[Form]:
    """The forms of these actions, those first that somebody waits for."""
    made = [_FORMS[action](scene) for action in actions if action in _FORMS]
    return sorted(made, key=lambda form: not form.at_once)


def _accept(_scene: Scene) -> Form:
    more = "You own it until you hand it over or it is closed."
    return Form("accept", "Accept", "Yes, I have it", more=more, place="tasks")


def _take_over(scene: Scene) -> Form:
    asked = scene.referral.handover
    asks = who(asked.giver) if asked else "A colleague"
    by = f" Answer by {day_and_time(asked.respond_by, scene.now)}." if asked else ""
    more = f"{asks} asks you to take over, and has it until you say yes.{by}"
    return Form("handover/accept", "Take over", "Yes, I take it over", more=more, at_once=True)


def _decline(_scene: Scene) -> Form:
    words = tuple((code, words) for code, words, _ in DECLINES)
    return Form("decline", "Decline", "Decline", (Entry("code", "Why not", "choice", words),), place="tasks")


def _keep(_scene: Scene) -> Form:
    more = "Or hand it over to a colleague, or give it back: both are below."
    return Form("keep", "Keep it beyond your duty", "Keep it", more=more, at_once=True)


def _acknowledge(_scene: Scene) -> Form:
    outcome = Entry("outcome", "What happens now?", "choice", ACKNOWLEDGEMENTS)
    return Form("acknowledge", "Answer for your role", "I have seen this", (outcome,), at_once=True)


def _plan(scene: Scene) -> Form:
    holder = scene.referral.holder
    tellers = [("", "Nobody yet"), (scene.viewer, f"Me, {who(scene.viewer)}")]
    tellers += [(holder.id, who(holder.id))] if holder else []
    entries = (
        Entry("next_contact_by", "Next contact by", "time", hint=scene.change),
        Entry("told", "Who has been told that it is late?", "choice", TOLD),
        Entry("told_at", "When were they told?", "time"),
        Entry("told_by", "Who told them?", "select", tellers),
    )
    more = "A missed deadline is cleared by a plan alone: when contact is made, and what the person was told."
    return Form("plan", "Record a plan", "Record the plan", entries, more, at_once=True)


def _attempt(scene: Scene) -> Form:
    agreed = agreed_means(scene.referral)
    voicemail = scene.referral.picture.contact_rules.voicemail_ok
    entries = (
        Entry("means", "How did you try?", "choice", [word for word in MEANS.items() if word[0] in agreed]),
        Entry("outcome", "What came of it?", "choice", OUTCOMES, "" if voicemail else "Leave no message on the phone."),
        Entry("at", "When was that?", "time", hint=_join("Left empty: just now.", scene.change)),
        Entry("next_step", "What comes next?", "select", NEXT_STEPS),
        Entry("next_at", "When is that?", "time"),
        Entry(
            "next_update_by", "Next update by", "time", hint="When they hear from us again, if you have promised it."
        ),
    )
    more = "" if safeguarded(scene.referral) else "First a supervisor answers for safeguarding, then anybody is rung."
    return Form("contact-attempts", "Record a contact attempt", "Record it", entries, more)


def _update(scene: Scene) -> Form:
    usual = length_of(timedelta(minutes=scene.referral.terms.update_minutes))
    hint = _join(f"Left empty: {usual} from now.", scene.change)
    return Form(
        "updates",
        "Record an update you gave",
        "They have had it",
        (Entry("next_update_by", "Next update by", "time", hint=hint),),
    )


def _hand_over(scene: Scene) -> Form:
    if not scene.colleagues:
        return Form("handover", "Hand over to a colleague", "", more="No colleague is on duty just now.")
    asked = scene.referral.handover
    more = "It stays with its owner until they accept." + (f" {who(asked.receiver)} is asked already." if asked else "")
    to = Entry("to", "Colleague on duty", "select", scene.colleagues)
    return Form("handover", "Hand over to a colleague", "Ask them to take over", (to,), more)


def _release(scene: Scene) -> Form:
    code = Entry("code", "Why?", "choice", named(scene.policy.codes.release_codes, RELEASES))
    return Form("release", "Give it back", "Give it back", (code,), "Somebody else is asked at once.")


def _close(scene: Scene) -> Form:
    outcome = Entry("outcome", "How did it end?", "choice", named(scene.policy.codes.close_outcomes, CLOSINGS))
    return Form("close", "Close it", "Close it", (outcome,))


def _pause(scene: Scene) -> Form:
    reasons = named(scene.policy.codes.pause_reasons, {})
    longest = length_of(timedelta(minutes=scene.policy.deadlines.pause_limit_minutes))
    until = Entry("until", "Until", "time", hint=_join(f"At most {longest}.", scene.change))
    running = scene.referral.pause is not None
    heading = "Pause for longer or shorter" if running else "Pause the clocks"
    return Form("pause", heading, "Pause", (until, Entry("reason", "Why?", "choice", reasons)))


def _resume(_scene: Scene) -> Form:
    return Form("resume", "Let the clocks run again", "Let them run again")


def _transfer(scene: Scene) -> Form:
    others = [(code, force.name) for code, force in scene.policy.forces.items() if code != scene.referral.force]
    more = "They own it from then on and their coordinator is told. Whoever has it keeps it until they decide."
    return Form(
        "transfer", "Transfer to another force", "Transfer it", (Entry("force", "Force", "choice", others),), more
    )


def _link(_scene: Scene) -> Form:
    other = Entry("reference", "Reference of the other one", "line")
    more = "They are about one thing. What each person has agreed to stays their own."
    return Form("link", "Link with another referral", "Link them", (other,), more)


def _unlink(scene: Scene) -> Form:
    linked = [(link.reference, link.reference) for link in scene.referral.links]
    return Form("unlink", "Take a link away", "Take it away", (Entry("reference", "Linked with", "select", linked),))


def _reopen(_scene: Scene) -> Form:
    more = "Everybody is asked anew, and its deadlines count from now."
    return Form("reopen", "Open it again", "Open it again", (Entry("reason", "Why?", "choice", REOPENINGS),), more)


def _join(*hints: str) -> str:
    return " ".join(hint for hint in hints if hint)


_FORMS: Mapping[str, Callable[[Scene], Form]] = {
    "accept": _accept,
    "handover/accept": _take_over,
    "decline": _decline,
    "keep": _keep,
    "acknowledge": _acknowledge,
    "plan": _plan,
    "contact-attempts": _attempt,
    "updates": _update,
    "handover": _hand_over,
    "release": _release,
    "close": _close,
    "pause": _pause,
    "resume": _resume,
    "transfer": _transfer,
    "link": _link,
    "unlink": _unlink,
    "reopen": _reopen,
}

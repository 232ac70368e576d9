"""The six scenes: accept, duplicate, reject, amend, withdraw, hand-off (contract §1).

Each asks the control room for something, says what Liaison would say, and looks at what comes back. Names of
officers and desks are made up.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from services.intake.rules.report import Rejection, Report
from services.rehearsal.stage import Complaint, Missed, Stage
from shared.contracts import referrals
from shared.contracts.inbound import ReportAmended, ReportSubmitted, ReportWithdrawn
from shared.contracts.model import Holder
from shared.identifiers import uuid7


@dataclass
class Story:
    """What the scenes so far leave to those after them."""

    report: Report | None = None


@dataclass(frozen=True)
class Scene:
    """A scene by name; `asks` is said before it."""

    name: str
    asks: str
    play: Callable[[Stage, Story], Awaitable[None]]


@dataclass(frozen=True)
class Result:
    """How one scene went: `complaints` empty where it passed; `played` false where an earlier one left it nothing."""

    scene: str
    complaints: tuple[Complaint, ...] = ()
    played: bool = True

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""
        return self.played and not self.complaints


@dataclass
class Verdict:
    """All scenes, in the order in which they were played."""

    results: list[Result] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every scene passed."""
        return bool(self.results) and all(result.passed for result in self.results)


async def rehearse(stage: Stage) -> Verdict:
    """Play every scene; one that fails does not keep the others from being played."""
    verdict, story = Verdict(), Story()
    await stage.say([stage.liaison.heartbeat(stage.clock())])
    for number, scene in enumerate(SCENES, start=1):
        if scene.play in _NEED_A_REPORT and story.report is None:
            verdict.results.append(Result(scene.name, played=False))
            continue
        stage.complaints.clear()
        await stage.ask(f"{number}/{len(SCENES)} {scene.name}: {scene.asks}")
        try:
            await scene.play(stage, story)
        except Missed:
            pass
        finally:
            stage.liaison.restore()
        verdict.results.append(Result(scene.name, tuple(stage.complaints)))
    return verdict


async def _accept(stage: Stage, story: Story) -> None:
    """A report is taken in, offered, and held by an officer."""
    came, _ = await stage.expect(ReportSubmitted)
    report = story.report = await stage.take(came)
    await _held(stage, report)


async def _duplicate(stage: Stage, _story: Story) -> None:
    """The answer is late: the same report must come again, under the same key, and is one report."""
    came, first = await stage.expect(ReportSubmitted)
    late = stage.decide(came)
    again, second = await stage.expect(ReportSubmitted)
    await stage.answer(late)
    if second.idempotency_key != first.idempotency_key:
        stage.complain("idempotency_key", "another_one_on_resending")
    elif again.key != came.key:
        stage.complain("record key", "another_one_on_resending")
    await _held(stage, await stage.take(again))


async def _reject(stage: Stage, _story: Story) -> None:
    """A report is refused, with field and reason; it must not come again unchanged, and may come corrected."""
    came, event = await stage.expect(ReportSubmitted)
    stage.liaison.retire(event.incident_kind)
    outcome = await stage.try_to_take(came)
    if not (isinstance(outcome.decision, Rejection) and outcome.decision.errors[0].field == "incident_kind"):
        for error in getattr(outcome.decision, "errors", ()):
            stage.complain(error.field, error.reason)
        return
    await stage.ask("It was refused: `incident_kind` is not known. Choose another incident kind and send it again.")
    corrected, _ = await stage.expect(ReportSubmitted)
    if came.event == corrected.event:
        stage.complain("body", "refused_and_sent_again_unchanged")
    await stage.take(corrected)


async def _amend(stage: Stage, story: Story) -> None:
    """A change to the first report is taken in and answered by `referral.amended`."""
    report = await _changed_by(stage, story, ReportAmended)
    await stage.happens(report, referrals.ReferralAmended)


async def _withdraw(stage: Stage, story: Story) -> None:
    """The first report is withdrawn and answered by `referral.withdrawn`."""
    report = await _changed_by(stage, story, ReportWithdrawn)
    await stage.happens(report, referrals.ReferralWithdrawn, reason="no_longer_wanted", state="withdrawn", holder=None)


async def _hand_off(stage: Stage, _story: Story) -> None:
    """A report goes to a desk outside; the control room takes note and sends nothing more."""
    came, _ = await stage.expect(ReportSubmitted)
    report = await stage.take(came)
    role, due = f"coordinator:{report.force}", stage.clock() + timedelta(minutes=30)
    await stage.happens(report, referrals.ReferralWaiting, role=role, due=due, why="hand_off", state="waiting")
    await stage.happens(report, referrals.ReferralHandedOff, desk="essex", state="waiting")
    await stage.happens(report, referrals.ReferralHandedOff, desk="essex", received=True, state="handed_off")
    await stage.silence()


async def _held(stage: Stage, report: Report) -> None:
    due = stage.clock() + timedelta(minutes=15)
    offered = {"offer_id": uuid7(), "officers": ("H1042",), "respond_by": due, "step": 0, "why": "first"}
    holder = Holder(force=report.force, id="H1042")
    await stage.happens(report, referrals.ReferralOffered, state="offered", next_due=due, **offered)
    await stage.happens(report, referrals.ReferralAccepted, officer="H1042", state="accepted", holder=holder)


async def _changed_by(stage: Stage, story: Story, kind: type[ReportAmended] | type[ReportWithdrawn]) -> Report:
    """The first report, changed by what comes now."""
    assert story.report is not None
    came, _ = await stage.expect(kind)
    stage.same_key(came, story.report)
    report = await stage.take(came)
    if report.reference != story.report.reference:
        stage.complain("reference", "another_report")
        raise Missed
    return report


SCENES = (
    Scene("accept", "send a new report, marked as an exercise.", _accept),
    Scene(
        "duplicate", "send another; its answer will be late, and your system must send it again by itself.", _duplicate
    ),
    Scene("reject", "send another; it will be refused.", _reject),
    Scene("amend", "amend the first report, for example its risks.", _amend),
    Scene("withdraw", "withdraw the first report.", _withdraw),
    Scene("hand-off", "send another; it will be handed off to a desk outside. Then send nothing.", _hand_off),
)
_NEED_A_REPORT = (_amend, _withdraw)

"""The tenant: adopt a policy."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from commands.context import Context
from commands.log import Decided, Log, Outcome, States
from commands.working_days import known_countries
from domain.policy import PRESETS, Policy, Window, WorkingCalendar
from domain.tenant import TENANT, adopt_policy

Preset = Literal["motion-24h", "stage-24h-48h", "arena-72h", "models-de-1wd", "models-us", "crew-uk-commercial"]


class AdoptPolicy(Policy):
    """A preset by its name, a preset with some rules of one's own, or a whole policy.

    What is not said is as in the preset, and as in `motion-24h` when none is named.
    """

    preset: Preset | None = Field(default=None, examples=["arena-72h"])

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, said: Any) -> Any:  # noqa: ANN401 - whatever was sent
        if isinstance(said, str):
            said = {"preset": said}
        if not isinstance(said, dict) or not isinstance(said.get("preset"), str) or said["preset"] not in PRESETS:
            return said
        own = {name: rule for name, rule in said.items() if name != "preset"}
        preset = PRESETS[said["preset"]].model_dump(mode="json")
        return {**preset, "name": preset["name"] if not own else f"{preset['name']}, changed", **said}

    @field_validator("working_calendar")
    @classmethod
    def _known(cls, calendar: WorkingCalendar) -> WorkingCalendar:
        parts = frozenset[str]() if calendar.country is None else known_countries().get(calendar.country)
        if parts is None:
            raise ValueError(f"country: the holidays of {calendar.country} are not known")
        if calendar.subdivision is not None and calendar.subdivision not in parts:
            raise ValueError(f"subdivision: {calendar.country or 'no country'} has no {calendar.subdivision}")
        return calendar

    @field_validator("window")
    @classmethod
    def _cut_off_of_days(cls, window: Window) -> Window:
        if window.cut_off is not None and window.unit != "working_days":
            raise ValueError("cut_off: only a window of working_days has one")
        return window

    def policy(self) -> Policy:
        """The rules, wherever they came from."""
        return Policy(**{name: getattr(self, name) for name in Policy.model_fields})


async def adopt(log: Log, context: Context, command: AdoptPolicy) -> Outcome:
    """Later commands follow it; answers the whole policy."""
    tenant = TENANT.stream(context.tenant_id)
    policy = command.policy()

    def decision(states: States, _: datetime) -> Decided:
        return Decided({tenant: adopt_policy(states[tenant], policy)}, {"policy": policy.model_dump(mode="json")})

    return await log.decide(context, tenant, (), decision)

"""Topics on a real broker: created as the contract says, and left alone from then on."""

from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.contracts.topics import family
from shared.topics import TopicsRefused, configuration, create_topics

DAY = 24 * 60 * 60 * 1000


async def settings_of(bootstrap: str, topic: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answers: list[Any] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return {entry[0]: entry[1] for entry in answers[0].resources[0][4]}
    finally:
        await admin.close()


@pytest.mark.real_kafka
async def test_reports_from_control_rooms_are_gone_after_three_days_and_policy_never(kafka: str) -> None:
    await create_topics(kafka, ["inbound.camelot", "policy", "officers"])
    inbound, policy, officers = [await settings_of(kafka, name) for name in ("inbound.camelot", "policy", "officers")]
    assert inbound["cleanup.policy"] == "delete"
    assert int(inbound["retention.ms"]) == 3 * DAY
    assert inbound["max.message.bytes"] == str(1024 * 1024)
    assert policy["cleanup.policy"] == officers["cleanup.policy"] == "compact"
    assert int(officers["max.compaction.lag.ms"]) == DAY


@pytest.mark.real_kafka
async def test_a_topic_that_is_there_stays_as_it_is(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic("duty.camelot", 3, 1, topic_configs={"retention.ms": "12345"})])
    await admin.close()
    assert await create_topics(kafka, ["duty.camelot", "duty.swamp-castle"]) == ["duty.swamp-castle"]
    assert (await settings_of(kafka, "duty.camelot"))["retention.ms"] == "12345"
    assert await create_topics(kafka, ["duty.camelot", "duty.swamp-castle"]) == []


@pytest.mark.real_kafka
async def test_a_name_that_is_none_of_ours_is_refused(kafka: str) -> None:
    with pytest.raises(TopicsRefused, match="spanish-inquisition"):
        await create_topics(kafka, ["spanish-inquisition"])


def test_three_copies_need_two_in_sync() -> None:
    reports = family("reports")
    assert reports is not None
    assert configuration(reports, 3)["min.insync.replicas"] == "2"
    assert "min.insync.replicas" not in configuration(reports, 1)

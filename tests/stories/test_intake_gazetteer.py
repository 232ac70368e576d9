"""The postcode index: the real directory, looked up; and a small one, built."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import thread_time

import pytest

from services.intake.rules.geography import Geography
from shared.contracts.particulars import Location
from shared.contracts.postcode import parse_postcode
from shared.gazetteer import Builder, Letter, Place, PostcodeIndex, open_index
from shared.policy_file import load_policy
from shared.settings import load_settings


@pytest.fixture(scope="module")
def index() -> PostcodeIndex:
    return open_index()


def find(index: PostcodeIndex, text: str) -> Place | None:
    postcode = parse_postcode(text)
    assert postcode is not None
    return index.find(postcode)


@pytest.mark.parametrize(
    ("postcode", "district"),
    [
        ("EN11 8AA", "E07000095"),
        ("SG8 5AB", "E07000099"),
        ("CB2 1TN", "E07000008"),
        ("LU1 2AA", "E06000032"),
        ("SW1A 1AA", "E09000033"),
        ("EH1 1YZ", "S12000036"),
    ],
)
def test_the_whole_country_can_be_looked_up(index: PostcodeIndex, postcode: str, district: str) -> None:
    place = find(index, postcode)
    assert place is not None
    assert place.district == district
    assert place.easting > 100_000


def test_it_holds_every_postcode_and_knows_what_straddles(index: PostcodeIndex) -> None:
    assert len(index) > 2_400_000
    assert {"E07000099", "E07000012", "E07000077", "E06000056"} <= index.districts_within("SG8")
    assert index.districts_within("QQ1") == frozenset()
    assert find(index, "SG8 0ZZ") is None
    assert find(index, "SG8") is None


def test_every_district_of_the_policy_is_in_it(index: PostcodeIndex) -> None:
    policy = load_policy(load_settings(env_file=None))
    ours = {district for force in policy.forces.values() for district in force.districts}
    assert len(ours) == 19
    assert ours <= index.districts
    assert all(
        policy.force_of_district(one) or policy.desk_of_district(one) for one in index.districts if one[0] in "EWSN"
    )


def test_no_full_postcode_of_a_straddling_code_is_guessed(index: PostcodeIndex) -> None:
    geography = Geography(index, load_policy(load_settings(env_file=None)))
    for text, force, desk in [
        ("SG8 5AB", "herts", None),
        ("CB11 4AA", "herts", "essex"),
        ("PE9 1AA", "herts", "lincolnshire"),
    ]:
        found = geography.resolve(
            [Location(kind="incident", postcode=text)], "herts", home=geography.at_postcode("LU1"), venue=None
        )
        assert (found.force, found.desk, found.confidence) == (force, desk, "high"), text


def test_a_look_up_takes_microseconds(index: PostcodeIndex) -> None:
    postcode = parse_postcode("SG8 5AB")
    assert postcode is not None
    began = thread_time()
    for _ in range(2_000):
        index.find(postcode)
    assert thread_time() - began < 0.5


def small() -> Letter:
    return Letter(
        postcodes=["Q1  1AA", "Q1  1AB", "Q1  9ZZ", "Q12 0AA", "QZ121AA"],
        districts=["E1", "E2", float("nan"), "E1", "E3"],
        eastings=[100.0, 200.0, float("nan"), 400.0, 500.0],
        northings=[1.0, 2.0, float("nan"), 4.0, 5.0],
    )


def test_a_small_country_is_written_and_read_again(tmp_path: Path) -> None:
    builder = Builder()
    builder.add(small())
    builder.write(tmp_path / "small.index")
    index = PostcodeIndex(tmp_path / "small.index")
    assert find(index, "q1 1ab") == Place("E2", 200, 2)
    assert find(index, "QZ12 1AA") == Place("E3", 500, 5)
    assert (find(index, "Q1 9ZZ"), find(index, "Q1 1AC"), find(index, "Q13 0AA")) == (None, None, None)
    assert index.districts_within("Q1") == {"E1", "E2"}
    assert [path.name for path in tmp_path.iterdir()] == ["small.index"]


def test_two_that_build_at_once_leave_one_whole_index(tmp_path: Path) -> None:
    path = tmp_path / "small.index"

    def write(_number: int) -> int:
        builder = Builder()
        builder.add(small())
        builder.write(path)
        return len(PostcodeIndex(path))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(write, range(16))) == {5}


@pytest.mark.parametrize("kept", [4, 40, -8])
def test_half_a_file_is_refused(tmp_path: Path, kept: int) -> None:
    builder = Builder()
    builder.add(small())
    builder.write(tmp_path / "whole")
    (tmp_path / "half").write_bytes((tmp_path / "whole").read_bytes()[:kept])
    with pytest.raises(ValueError):  # noqa: PT011
        PostcodeIndex(tmp_path / "half")

"""From a reply, or from the library, to suggestions and a rule file: what is kept, what is dropped and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipvad.errors import ClipvadError, LLMError
from clipvad.llm import Draft, DraftLimit, Server, Wish, draft, draft_rules
from clipvad.llm.reply import read_reply
from clipvad.rules import Hours, Rule, RuleSet, Zone, load_rules
from tests.llm_server import KEY, completion, llm, says


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CLIPVAD_LLM_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("clipvad.llm.client.FIRST_PAUSE_S", 0.02)


def group(*sentences: str, **more: object) -> dict[str, object]:
    return {"category": "", "sentences": list(sentences), "hours": None, "dwell_s": None, "zone": None, **more}


def drafted(normal: Sequence[object], abnormal: Sequence[object], *, beside: RuleSet | None = None) -> Draft:
    """The draft that comes of such a reply over HTTP."""
    with llm(says({"normal": normal, "abnormal": abnormal})) as fake:
        return draft(Wish(place="a yard"), server=fake.server(), beside=beside)


def reasons(made: Draft) -> dict[str, str]:
    return {one.rule.text: one.reason for one in made.suggestions if not one.kept}


# What becomes of a reply


def test_sentences_are_tidied_and_bad_ones_dropped_each_with_its_reason() -> None:
    made = drafted(
        [group('"A person walking." ', "a\x1b[31m man\nwith a  dog", "no people", "a person walking", "x" * 301)],
        [group("suspicious behaviour", "a person climbing over a fence")],
    )
    kept = [one.rule.text for one in made.suggestions if one.kept]
    assert kept == ["A person walking", "a [31m man with a dog", "a person climbing over a fence"]
    why = reasons(made)
    assert set(why) == {"no people", "a person walking", "x" * 300, "suspicious behaviour"}
    assert why["x" * 300] == "It is longer than 300 characters."
    assert "Twice in this list" in why["a person walking"]
    assert len(set(why.values())) == 4


def test_hours_dwell_and_zone_are_read_or_named_as_unreadable() -> None:
    made = drafted(
        [group("an empty loading bay")],
        [
            group("a person", hours="20:00 – 6:00", dwell_s=30, zone=" Loading bay. "),
            group("a car", hours="at night"),
            group("a truck", hours="25:00-26:00"),
            group("a dog", dwell_s=-1),
        ],
    )
    person = made.suggestions[1].rule
    assert person.hours == (Hours(start="20:00", end="06:00"),)
    assert (person.dwell_s, person.zones) == (30.0, ("Loading bay",))
    why = reasons(made)
    assert set(why) == {"a car", "a truck", "a dog"}
    assert "'25:00-26:00' is no span of the clock" in why["a truck"]
    assert "at night" in why["a car"]
    assert "dwell time" in why["a dog"]


def test_no_more_than_forty_of_a_side_are_kept() -> None:
    words = [f"a {colour} {thing}" for colour in ("red", "blue", "green", "white", "black") for thing in THINGS]
    made = drafted([group(*words)], [group("a fire")])
    normal = [one for one in made.suggestions if one.side == "normal"]
    assert [one.kept for one in normal] == [True] * 40 + [False] * 10
    assert normal[40].reason.startswith("40 sentences stand on this side before it")


THINGS = ("car", "bus", "dog", "cat", "tent", "chair", "table", "boat", "horse", "ladder")


def test_what_the_rule_set_has_already_is_dropped_and_its_zones_are_named_to_the_model() -> None:
    bay = Zone(name="bay", points=((0, 0), (1, 0), (1, 0.5)))
    have = RuleSet(
        name="yard",
        normal=(Rule(text="a person walking"),),
        abnormal=(Rule(text="a fire", zones=("bay",)),),
        zones=(bay,),
    )
    reply = {
        "normal": [group("A person walking")],
        "abnormal": [group("a person", zone="bay"), group("a car", zone="gate")],
    }
    with llm(says(reply)) as fake:
        made = draft(Wish(place="a yard"), server=fake.server(), beside=have)
    assert "Zones already drawn, to be named so: bay" in fake.requests[0].body["messages"][1]["content"]
    assert list(reasons(made)) == ["A person walking"]
    assert [zone.name for zone in made.accept(drawn=have.zones).zones] == ["gate"]


def test_nothing_is_accepted_but_what_the_user_chose() -> None:
    made = drafted(
        [group("a person walking", "no people")], [group("a fire", zone="yard"), group("a car", zone="gate")]
    )
    everything = made.accept()
    assert [rule.text for rule in everything.normal] == ["a person walking"]
    assert [rule.text for rule in everything.abnormal] == ["a fire", "a car"]
    assert [zone.name for zone in everything.zones] == ["yard", "gate"]
    assert {zone.area for zone in everything.zones} == {1.0}  # the whole picture until they are drawn
    some = made.accept([2, 1, 2])
    assert [rule.text for rule in (*some.normal, *some.abnormal)] == ["no people", "a fire"]
    assert [zone.name for zone in some.zones] == ["yard"]
    assert made.accept([]).normal == ()
    with pytest.raises(IndexError):
        made.accept([4])


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*group(), "normal", "abnormal"]), inner)
    ),
    max_leaves=12,
)


@given(st.fixed_dictionaries({"normal": json_values, "abnormal": json_values}) | json_values | st.text())
def test_any_reply_is_either_suggestions_or_a_clear_error(content: object) -> None:
    said = ""
    try:
        reply = read_reply(completion(content).decode())
    except LLMError as error:
        said = str(error)
    assert said.startswith("The language model's reply") or isinstance(reply.normal, list)


# Without a language model


@pytest.mark.parametrize(
    ("place", "preset"),
    [
        ("a bus station", "public-transport"),
        ("the entrance of our supermarket", "retail"),
        ("Parking garages", "car-park"),
        ("loading bay of a warehouse", "no-entry"),
        ("a hospital corridor", "care-home"),
    ],
)
def test_without_a_key_the_library_preset_that_fits_is_the_draft_and_says_so(place: str, preset: str) -> None:
    made = draft_rules(place)
    assert made.source == f"From the library preset {preset!r}; no language model was asked and nothing was sent."
    accepted, rules = made.accept(), load_rules(preset)
    assert accepted.normal == tuple(rule for rule in rules.normal if rule.enabled)
    assert accepted.abnormal == tuple(rule for rule in rules.abnormal if rule.enabled)
    assert made == draft_rules(place)


def test_every_preset_is_found_by_its_own_place() -> None:
    from clipvad.rules import list_presets

    for name in list_presets():
        assert repr(name) in draft_rules(load_rules(name).place).source


def test_what_is_forbidden_leaves_the_normal_side_and_comes_from_other_presets() -> None:
    made = draft_rules("a parking lot", forbidden=["cycling", "juggling"])
    forbidden = {text: why for text, why in reasons(made).items() if "switched off" not in why}
    assert forbidden == {"a person riding a bicycle past parked cars": "You forbid 'cycling'."}
    assert {"a cyclist on a bike", "a person riding a bicycle"} <= {rule.text for rule in made.accept().abnormal}
    assert made.source.endswith("The library has nothing about: juggling.")


def test_what_a_preset_has_switched_off_is_shown_but_not_kept() -> None:
    made = draft_rules("a campus walkway")
    (ground,) = [one for one in made.suggestions if one.rule.text == "a person lying on the ground"]
    assert (ground.kept, ground.reason) == (False, "The preset has it switched off.")
    assert ground.rule.enabled  # ticking it is enough


@pytest.mark.parametrize("place", ["qwertz", "the of and", "42"])
def test_a_place_that_no_preset_knows_is_not_guessed(place: str) -> None:
    with pytest.raises(LLMError, match=r"No preset of the library fits .*Care home.*or set OPENAI_API_KEY"):
        draft_rules(place)


def test_the_library_cannot_read_a_policy() -> None:
    with pytest.raises(LLMError, match="Only a language model can read a policy: set OPENAI_API_KEY"):
        draft_rules("a car park", policy="nobody after 20:00")


# Settings and limits


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"OPENAI_API_KEY": KEY}, "name one of the server's in CLIPVAD_LLM_MODEL"),
        ({"OPENAI_API_KEY": f"{KEY}\n{KEY}"}, "OPENAI_API_KEY holds characters that no key has"),
        ({"OPENAI_API_KEY": f"„{KEY}“"}, "OPENAI_API_KEY holds characters that no key has"),
        ({"OPENAI_API_KEY": KEY, "CLIPVAD_LLM_MODEL": "m", "OPENAI_BASE_URL": "localhost:1"}, "no web address"),
        ({"OPENAI_API_KEY": KEY, "CLIPVAD_LLM_MODEL": "m", "OPENAI_BASE_URL": "http://a:b"}, "no web address"),
        ({"OPENAI_API_KEY": KEY, "CLIPVAD_LLM_MODEL": "m", "OPENAI_BASE_URL": "file:///etc"}, "no web address"),
        ({"OPENAI_API_KEY": KEY, "CLIPVAD_LLM_MODEL": "m", "OPENAI_BASE_URL": f"http://u:{KEY}@h"}, "user name"),
        ({"OPENAI_API_KEY": KEY, "CLIPVAD_LLM_MODEL": "m", "CLIPVAD_LLM_TIMEOUT_S": "0"}, "must be above 0"),
    ],
)
def test_a_setting_that_cannot_work_is_named_and_the_key_is_not(env: dict[str, str], message: str) -> None:
    with pytest.raises(ClipvadError, match=message) as caught:
        Server.from_env(env)
    assert KEY not in str(caught.value)


def test_the_key_is_not_in_what_a_server_prints() -> None:
    env = {"OPENAI_API_KEY": f" {KEY}\n", "CLIPVAD_LLM_MODEL": "m", "CLIPVAD_LLM_TIMEOUT_S": "7"}
    server = Server.from_env(env)
    assert server is not None
    assert KEY not in f"{server} {server!r} {vars(server)}"
    assert server.key.get_secret_value() == KEY
    assert (server.host, server.timeout_s) == ("api.openai.com", 7.0)
    assert Server.from_env({"CLIPVAD_LLM_MODEL": "m"}) is None


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish(), "Describe the place"),
        (Wish(place=" ", forbidden=["dogs"]), "Describe the place"),
        (Wish(place="a" * 501), "501 characters. Describe it in at most 500"),
        (Wish(place="a", forbidden=["b"] * 21), "at most 20 forbidden things"),
        (Wish(policy="a" * 4001), "Shorten it to 4000"),
        (Wish(place="a", frames=[np.zeros((2, 2, 3), np.uint8)] * 5), "5 pictures are too many. Send at most 4"),
    ],
)
def test_a_wish_that_says_nothing_or_too_much_is_refused(wish: Wish, message: str) -> None:
    with pytest.raises(LLMError, match=message):
        draft(wish, server=None)


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=60), st.integers(1, 5))
def test_no_hour_ever_has_more_drafts_than_the_limit(pauses: list[float], per_hour: int) -> None:
    now, taken, refused = 0.0, [], 0
    limit = DraftLimit(per_hour, clock=lambda: now)
    for pause in pauses:
        now += pause
        in_window = sum(then > now - 3600 for then in taken)
        try:
            limit.take("a")
        except LLMError:
            refused += 1
            assert in_window == per_hour
        else:
            assert in_window < per_hour
            taken.append(now)
    assert len(taken) + refused == len(pauses)

import asyncio

from mailkit import stores


def test_of_two_who_save_the_same_version_one_does(place):
    async def race(mine, theirs):
        made = await asyncio.gather(mine.save("warm-up", "a"), theirs.save("warm-up", "b"))
        text, version = await mine.load("warm-up")
        saved = await asyncio.gather(*(one.save("warm-up", "c", version=version) for one in (mine, theirs)))
        return sorted(made), version, text in ("a", "b"), sorted(saved), await theirs.load("warm-up")

    with stores.open(place) as mine, stores.open(place) as theirs:
        told = asyncio.run(race(mine.states, theirs.states))
    assert told == ([False, True], 1, True, [False, True], ("c", 2))


def test_names_are_apart_and_what_is_not_there_is_none(any_store):
    states = any_store.states
    assert states.load_sync("a") is None
    assert not states.save_sync("a", "too late", version=3)
    assert states.save_sync("a", "одно")
    assert not states.save_sync("a", "again")
    assert states.save_sync("b", "other")
    assert (states.load_sync("a"), states.load_sync("b")) == (("одно", 1), ("other", 1))

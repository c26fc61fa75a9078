from infra.state_cache import Changes, Head, StateCache
from tests.infra.counter import COUNT, Count

EMPTY = (0, Count(), COUNT)
ONE = (1, Count(1), COUNT)
TWO = (2, Count(2), COUNT)
HEAD = Head(1, b"", 0, "i")


def test_a_stream_in_use_stays_while_others_go() -> None:
    cache = StateCache(streams=10)
    for n in range(100):
        cache.fold("t", f"s{n}", ONE, Changes())
        assert cache.stream("t", "s0") == ONE

    assert cache.stream("t", "s1") is None


def test_undo_puts_back_what_stood_there() -> None:
    cache, first, second = StateCache(streams=10), Changes(), Changes()
    cache.fold("t", "kept", ONE, Changes())
    cache.move_head("t", HEAD, first)
    cache.fold("t", "kept", TWO, first)
    cache.fold("t", "new", ONE, second)
    cache.fold("t", "new", TWO, second)

    cache.undo(second)
    cache.undo(first)

    assert (cache.stream("t", "kept"), cache.stream("t", "new"), cache.head("t")) == (ONE, None, None)


def test_undo_works_after_the_stream_has_grown_old() -> None:
    cache, changes = StateCache(streams=2), Changes()
    cache.fold("t", "s", ONE, Changes())
    cache.fold("t", "s", TWO, changes)
    for n in range(2):
        cache.fold("t", f"other{n}", ONE, Changes())

    cache.undo(changes)

    assert cache.stream("t", "s") == ONE


def test_a_forgotten_tenant_leaves_nothing_behind() -> None:
    cache = StateCache(streams=10)
    for tenant in ("t", "u"):
        cache.move_head(tenant, HEAD, Changes())
        cache.fold(tenant, "s", ONE, Changes())

    cache.forget("t")

    assert (cache.head("t"), cache.stream("t", "s")) == (None, None)
    assert (cache.head("u"), cache.stream("u", "s")) == (HEAD, ONE)

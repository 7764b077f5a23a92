"""Only the server's own, whole answer to this very request settles anything; with all others the same ids go again."""

import gzip

import httpx
import pytest
from sqlalchemy import func, select

from lms_desktop.sync.errors import Offline, ServerTrouble, Trouble, WrongAnswerer
from lms_server.contract.ids import new_uuid4
from lms_server.database.tables import certificates, receipts
from tests.desktop.ways import answer, body_of, changed, page, plain, problem
from tests.world import lost


def facts(laptop):
    return laptop.store.views.counts(), laptop.store.views.status()["needs_sign_in"]


def refuse_and_then_sync(laptop, course, twist, kind=Trouble):
    """One sync that fails with words and leaves everything as it was, then one that ends well."""
    said = set(laptop.study(course, 0, 1, 2))
    before = facts(laptop)
    laptop.transport.twist = twist
    with pytest.raises(kind) as trouble:
        laptop.sync()
    assert str(trouble.value)
    assert facts(laptop) == before
    assert {command.id for command in laptop.store.views.unsettled()} == said
    laptop.transport.twist = None
    laptop.sync()
    assert facts(laptop) == ({"pending": 0, "parked": 0, "rejected": 0}, False)
    assert laptop.world.completed(laptop.learner) == set(course.lessons[:3])
    assert [code for command, code in laptop.world.receipts() if command in said] == ["ok"] * 3
    return trouble.value


def test_a_lost_answer_repeats_to_the_same_outcomes(laptop, course):
    laptop.study(course, *range(len(course.lessons)))
    laptop.transport.twist = lost
    with pytest.raises(Offline):
        laptop.sync()
    assert laptop.world.count(certificates) == 1
    receipts_then = laptop.world.receipts()
    laptop.transport.twist = None
    report = laptop.sync()
    assert (report.applied, report.duplicate, report.rejected) == (0, len(course.lessons), 0)
    assert laptop.world.receipts() == receipts_then
    assert laptop.world.count(certificates) == 1
    assert facts(laptop)[0] == {"pending": 0, "parked": 0, "rejected": 0}


PORTALS = {
    "portal page": page(200),
    "portal redirect": page(302, Location="http://portal.test/login"),
    "network authentication": page(511),
    "proxy wants a password": page(407),
    "bad gateway": page(502),
    "a page called JSON": plain(200, b'{"welcome": "to Hotel Wi-Fi"}', **{"Content-Type": "application/json"}),
    "nothing at all": plain(200),
}


@pytest.mark.parametrize("name", PORTALS)
def test_a_portal_is_no_connection(laptop, course, name):
    refuse_and_then_sync(laptop, course, PORTALS[name], Offline)


def swap(document):
    ids = [result["id"] for result in document["results"]]
    for result, other in zip(document["results"], reversed(ids), strict=True):
        result["id"] = other


CHANGES = {
    "another request's": lambda d: d.update(request_id=new_uuid4()),
    "another version": lambda d: d.update(v=2),
    "a result is missing": lambda d: d["results"].pop(),
    "a result too many": lambda d: d["results"].append(d["results"][0] | {"id": new_uuid4()}),
    "unknown result": lambda d: d["results"][1].update(id=new_uuid4()),
    "swapped results": swap,
    "a result twice": lambda d: d["results"].__setitem__(1, d["results"][0]),
    "no results": lambda d: d.pop("results"),
    "anchors missing": lambda d: d.pop("next"),
    "rows of another shape": lambda d: d["changes"].update(progress=[{"lesson": 5}]),
    "a time that is none": lambda d: d["changes"]["progress"][0].update(started_at="yesterday"),
    "unknown outcome": lambda d: d["results"][0].update(outcome="perhaps"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_answer_that_is_not_to_this_request_settles_nothing(laptop, course, name):
    refuse_and_then_sync(laptop, course, changed(CHANGES[name]), ServerTrouble)


def test_another_server_s_answer_is_none(laptop, course):
    twist = changed(lambda d: d.update(server_id=new_uuid4()))
    refuse_and_then_sync(laptop, course, twist, WrongAnswerer)


def test_another_learner_s_answer_is_none(laptop, course):
    twist = changed(lambda d: d["user"].update(uid=new_uuid4()))
    refuse_and_then_sync(laptop, course, twist, WrongAnswerer)


def test_another_server_s_refusal_asks_nobody_to_sign_in(laptop, course):
    refuse_and_then_sync(laptop, course, lambda _: problem(new_uuid4(), 401, "signed_out"))


def test_an_old_answer_again_is_none(laptop, course):
    kept = []

    def keep(response):
        raw, _ = body_of(response)
        kept.append((response.headers, raw))
        return httpx.Response(200, headers=response.headers, stream=httpx.ByteStream(raw))

    laptop.transport.twist = keep
    laptop.sync()
    headers, raw = kept[0]
    refuse_and_then_sync(
        laptop, course, lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(raw)), ServerTrouble
    )


def test_an_answer_cut_anywhere_is_none(laptop, course):
    laptop.study(course, 0, 1, 2)
    sizes = []

    def cut(share):
        def twist(response):
            raw, _ = body_of(response)
            sizes.append(len(raw))
            end = share if isinstance(share, int) else int(len(raw) * share)
            return httpx.Response(200, headers=response.headers, stream=httpx.ByteStream(raw[:end]))

        return twist

    for share in [*range(12), *(turn / 40 for turn in range(1, 40)), *range(-12, 0)]:
        laptop.transport.twist = cut(share)
        with pytest.raises(Trouble):
            laptop.sync()
        assert facts(laptop) == ({"pending": 3, "parked": 0, "rejected": 0}, False)
    laptop.transport.twist = None
    assert laptop.sync().duplicate == 3
    assert sizes


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.95])
def test_a_flipped_bit_is_noticed(laptop, course, place):
    def twist(response):
        raw = bytearray(body_of(response)[0])
        raw[int(len(raw) * place)] ^= 4
        return httpx.Response(200, headers=response.headers, stream=httpx.ByteStream(bytes(raw)))

    refuse_and_then_sync(laptop, course, twist, ServerTrouble)


def test_an_altered_answer_that_still_reads_well_is_none(laptop, course):
    def twist(response):
        whole = body_of(response)[1]
        fine = answer(200, whole)
        altered = whole.replace(course.lessons[0].encode(), course.lessons[5].encode())
        assert altered != whole
        return httpx.Response(200, headers=fine.headers, stream=httpx.ByteStream(altered))

    refuse_and_then_sync(laptop, course, twist, ServerTrouble)


@pytest.mark.parametrize("digest", ["", "sha-256=:AAAA:", "sha-256=:%%%:", "md5=:AAAA:"])
def test_an_answer_without_its_digest_is_none(laptop, course, digest):
    def twist(response):
        raw, _ = body_of(response)
        headers = [(k, v) for k, v in response.headers.items() if k != "content-digest"]
        headers += [("Content-Digest", digest)] if digest else []
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(raw))

    refuse_and_then_sync(laptop, course, twist)


def test_a_gzip_bomb_stays_small(laptop, course):
    bomb = gzip.compress(bytes(200 << 20))
    assert len(bomb) < 1 << 20
    twist = lambda _: answer(200, bomb, **{"Content-Encoding": "gzip"})  # noqa: E731 # one answer, in one line
    trouble = refuse_and_then_sync(laptop, course, twist, ServerTrouble)
    assert "larger" in str(trouble)


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/octet-stream", ""])
def test_another_content_type_is_no_answer(laptop, course, kind):
    def twist(response):
        return answer(200, body_of(response)[1], kind)

    refuse_and_then_sync(laptop, course, twist, Offline)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_never_sees_the_token(laptop, course, status):
    laptop.study(course, 0)
    laptop.transport.twist = page(status, Location="http://elsewhere.test/api/v1/sync")
    before = laptop.transport.requests
    with pytest.raises(Offline):
        laptop.sync()
    assert laptop.transport.requests == before + 1
    assert facts(laptop) == ({"pending": 1, "parked": 0, "rejected": 0}, False)


def test_an_answer_that_came_too_late_changes_nothing(laptop, course):
    # Another exchange was applied in between: this answer's anchors aren't the stored ones any more.
    laptop.study(course, 0)
    other = laptop.session()
    session = laptop.session()
    settle = laptop.store.settle
    settled = []

    def late(carried, answer):
        laptop.store.settle = settle
        other.run()
        settled.append(settle(carried, answer))
        return settled[0]

    laptop.store.settle = late
    session.run()
    assert settled == [None]
    assert facts(laptop)[0]["pending"] == 0
    assert laptop.store.views.status()["acknowledged"] == 2
    with laptop.world.engine.connect() as conn:
        assert conn.execute(select(func.count()).select_from(receipts)).scalar_one() == 2

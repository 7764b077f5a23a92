"""Search as one types over 10,000 downloaded lessons: the time until the rows are there, for each key of many words."""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import insert, select  # the project's root comes first

from lms_desktop.settings import Home
from lms_desktop.store import profile
from lms_desktop.store.files import Blobs
from lms_desktop.store.layout import DATABASE
from lms_desktop.store.owner import Owner
from lms_desktop.store.rows import Learner, Place
from lms_desktop.store.search import index_lessons
from lms_desktop.store.store import Store
from lms_desktop.store.tables import ME, courses, enrollments, lessons
from lms_server.contract.ids import new_uuid4

COURSES, LESSONS = 50, 200
WORDS_A_LESSON = 400
VOCABULARY = 20_000
ASKED = 150


def main() -> None:
    chance = random.Random(7)
    words = vocabulary(chance)
    with tempfile.TemporaryDirectory() as folder:
        store = make_profile(Path(folder))
        took_s = fill(store, words, chance)
        size = (store.folder / DATABASE).stat().st_size
        print(f"indexing {COURSES * LESSONS:,} lessons: {took_s:.1f} s, {size >> 20} MB")
        report("as one types", store, typed(words, chance))
        report("the commonest words", store, words[:30])
        report("two words", store, [" ".join(chance.choices(words[:2000], k=2)) for _ in range(ASKED)])
        store.close()


def report(name: str, store: Store, asked: Sequence[str]) -> None:
    """Every question once: by the clock, and what the processor had to do with it where others use it too."""
    both = [timed(store, words) for words in asked]
    wall, work = (sorted(times) for times in zip(*both, strict=True))
    at = int(len(wall) * 0.99) - 1
    figures = f"p50 {statistics.median(wall):.1f} ms, p99 {wall[at]:.1f} ms, worst {wall[-1]:.1f} ms"
    print(f"{name}: {figures}; processor p99 {work[at]:.1f} ms")


def timed(store: Store, words: str) -> tuple[float, float]:
    start, began = time.perf_counter(), time.process_time()
    store.views.search(words)
    return (time.perf_counter() - start) * 1000, (time.process_time() - began) * 1000


def typed(words: Sequence[str], chance: random.Random) -> list[str]:
    """What the field holds after each key, for words of every commonness."""
    chosen = [words[int(chance.random() ** 3 * len(words))] for _ in range(ASKED // 5)]
    return [word[:end] for word in chosen for end in range(1, len(word) + 1)]


def vocabulary(chance: random.Random) -> list[str]:
    """Words as a language has them, the commonest first."""
    syllables = [a + b for a in "bcdfghjklmnprstvz" for b in "aeiou"]
    made = {"".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(VOCABULARY * 2)}
    return sorted(made, key=lambda word: (len(word), word))[:VOCABULARY]


def make_profile(folder: Path) -> Store:
    home = Home(folder)
    place = home.profiles / new_uuid4() / new_uuid4()
    who = Learner(place.name, "Ana", "ana@example.org")
    profile.create(place, Owner(Place(place.parent.name, "", "Bench"), "", who))
    return Store(place, Blobs(home.blobs))


def fill(store: Store, words: Sequence[str], chance: random.Random) -> float:
    """Courses that are taken up and wholly here; words as often as in a language. Returns seconds of indexing."""
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    took_s = 0.0
    for number in range(COURSES):
        uids = [new_uuid4() for _ in range(LESSONS)]
        texts = [" ".join(chance.choices(words, cum_weights=weights, k=WORDS_A_LESSON)) for _ in uids]
        blobs = Texts({f"{number:032x}{at:032x}": f"<p>{text}</p>".encode() for at, text in enumerate(texts)})
        with store.writing() as conn:
            conn.execute(insert(courses).values(uid=new_uuid4(), slug=f"c-{number}", title=f"Course {number}"))
            course = conn.execute(select(courses.c.id).where(courses.c.slug == f"c-{number}")).scalar_one()
            enrolled = {"user_id": ME, "course_id": course, "enrolled_at": 1, "command_id": new_uuid4()}
            conn.execute(insert(enrollments).values(enrolled))
            rows = [
                {"uid": uid, "course_id": course, "title": text[:30], "order": at, "body": sha256, "is_here": True}
                for at, (uid, text, sha256) in enumerate(zip(uids, texts, blobs.contents, strict=True))
            ]
            conn.execute(insert(lessons), rows)
            started = time.perf_counter()
            index_lessons(conn, blobs, uids)
        took_s += time.perf_counter() - started
    return took_s


class Texts(Blobs):
    """The lessons' texts, without ten thousand files."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        object.__setattr__(self, "contents", contents)

    contents: dict[str, bytes]

    def read(self, sha256: str) -> bytes | None:
        return self.contents[sha256]


if __name__ == "__main__":
    main()

"""A class signs in at once: passwords are hashed one by one, so that memory doesn't follow the class's size."""

import threading

from argon2 import PasswordHasher

from lms_server.actions import users
from lms_server.actions.users import NewUser, add_user, check_password
from tests.world import World


def test_thirty_sign_ins_at_once_hash_on_one_thread(tmp_path, monkeypatch):
    seen = set()

    class Noted(PasswordHasher):
        def verify(self, hashed, password):
            seen.add(threading.current_thread())
            return super().verify(hashed, password)

    monkeypatch.setattr(users, "_HASHER", Noted(time_cost=1, memory_cost=1024, parallelism=1))
    world = World(tmp_path / "server")
    for n in range(30):
        add_user(world.context, NewUser(f"l{n}@example.org", "L", f"secret-{n}"))
    found = {}

    def sign_in(n):
        found[n] = check_password(world.context, f"l{n}@example.org", f"secret-{n}")

    threads = [threading.Thread(target=sign_in, args=(n,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: user.email for n, user in found.items()} == {n: f"l{n}@example.org" for n in range(30)}
    assert len(seen) == 1
    assert not seen & set(threads)
    world.close()

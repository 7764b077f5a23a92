"""Who tries to get work in that isn't theirs: another's token, forged certificates, no token at all."""

import json

from lms_desktop.sync.errors import Trouble
from lms_server.contract.commands import certificate_command_id
from lms_server.contract.ids import new_uuid4
from lms_server.contract.times import to_wire
from tests.flows.machine_checks import Violation, must
from tests.flows.machine_laptops import Laptops
from tests.flows.machine_network import Network
from tests.flows.machine_scene import Scene
from tests.flows.machine_world import IDENTITY, PEOPLE, Request
from tests.world import command


class Intruders:
    """Nothing that they bring is applied."""

    def __init__(self, scene: Scene, laptops: Laptops, network: Network) -> None:
        self.scene, self.rng = scene, scene.rng
        self.laptops, self.network = laptops, network

    def sync_as_another(self) -> None:
        """A token of somebody else got into this profile: nothing may be applied."""
        scene = self.scene
        profile = scene.pick()
        before = self._facts()
        scene.depth += 1
        try:
            self.laptops.exchange(profile, scene.limit, scene.tokens[((profile.who or 0) + 1) % len(PEOPLE)])
        except Trouble as trouble:
            scene.note(" ", type(trouble).__name__)
        else:
            raise Violation("I10: another learner's token was taken")
        finally:
            scene.depth -= 1
            must(self._facts() == before, "I10: something was applied with another's token")

    def forge(self) -> None:
        """Certificates that the server never signed, or signed for another learner, are nobody's."""
        shop, who = self.scene.shop, self.rng.randrange(len(PEOPLE))
        if self.rng.random() < 0.4:
            self._forge_as_guest(who)
            return
        payloads = shop.server.memory.all(
            "SELECT t.payload, u.uid FROM certificates t JOIN users u ON u.id = t.user_id"
        )
        others = [payload for payload, user in payloads if user != shop.uids[who]]
        course = self.rng.choice(self.scene.courses)
        made = [shop.forged(shop.uids[who], course.uid, course.slug, shop.clock.now - 9)]
        before = self._facts()
        request = self._request(who, [_keep(payload) for payload in made + others[:1]])
        self.network.deliver(request, None, is_genuine=False)
        must(self._facts() == before, "a forged certificate was taken")

    def _forge_as_guest(self, who: int) -> None:
        """Work that comes without a token is nobody's, whomever it names."""
        course = self.rng.choice(self.scene.courses)
        signed = self._request(who, [command("enroll", course.uid), command("complete_lesson", course.lessons[0])])
        envelope = json.loads(signed.body) | self.rng.choice(({}, {"user": None}))
        before = self._facts()
        request = Request("/sync", json.dumps(envelope).encode(), {"Content-Type": "application/json"})
        reply = self.network.deliver(request, None, is_genuine=False)
        must(reply.status == 401, "a guest's work was answered")
        must(self._facts() == before, "a guest's work was taken")

    def _request(self, who: int, commands: list) -> Request:
        scene = self.scene
        token = scene.tokens[who] = scene.server.sign_in(who)
        envelope = {"v": 1, "request_id": new_uuid4(), "server_id": IDENTITY.server_id, "user": scene.shop.uids[who]}
        envelope |= {"sent_at": to_wire(scene.shop.clock.now), "commands": commands}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        return Request("/sync", json.dumps(envelope).encode(), headers)

    def _facts(self) -> list:
        tables = ("enrollments", "lesson_progress", "certificates", "receipts", "parked", "jobs", "streams")
        return [self.scene.server.memory.all(f"SELECT * FROM {table} ORDER BY 1") for table in tables]


def _keep(payload: str) -> dict:
    return {"id": certificate_command_id(payload), "kind": "keep_certificate", "payload": payload}

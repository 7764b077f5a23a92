"""The way of a request through the machine: what the network does with it, and the judgement on what it did."""

from collections.abc import Callable
from contextlib import contextmanager

from lms_desktop.store.store import Store
from lms_server.contract.wire import read_answer
from tests.flows.machine_checks import ACCEPTED, Eye, Violation, check_server, judge, must
from tests.flows.machine_memory import Instead
from tests.flows.machine_scene import Scene
from tests.flows.machine_wire import FATES, broken, occasion, twisted
from tests.flows.machine_world import Profile, Reply, Request


class Network:
    """Carries requests. ``meanwhile`` is called with whose it is while one is on its way."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.rng, self.note = scene, scene.rng, scene.note
        self.memory = scene.server.memory
        self.meanwhile: Callable[[Profile], None] = lambda _profile: None

    def carry(self, profile: Profile, request: Request) -> Reply:
        """What the network does with one request; raises httpx errors."""
        scene = self.scene
        if scene.quiet or scene.depth > 1:
            return self.deliver(request, profile)
        fate = self._fate()
        if fate != "fine":
            self.note(" ", fate)
        self.meanwhile(profile)
        if fate in {"lost", "delayed"}:
            if fate == "delayed":
                scene.late.append(request)
            raise broken()
        if fate == "server crash":
            self.memory.crash_after(self.rng.randrange(40))
        reply = self.deliver(request, profile)
        if scene.interjection is not None and scene.crashing is None:
            interjection, scene.interjection = scene.interjection, None
            interjection()
        if fate == "twice":
            reply = self.rng.choice((reply, self.deliver(request, profile)))
        self.meanwhile(profile)
        return twisted(fate, reply, self.rng, scene.answers)

    def _fate(self) -> str:
        fates = self.scene.fates
        if fates:
            return fates.pop(0) if len(fates) > 1 else fates[0]
        return self.rng.choices(*FATES)[0] if self.scene.is_troubled(1.0) else "fine"

    def deliver(self, request: Request, profile: Profile | None, *, is_genuine: bool = True) -> Reply:
        """One request reaches the server; its effects are judged."""
        scene, asked = self.scene, request.asked
        before, is_suspect = Eye.look(self.memory), scene.post.suspects(asked)
        reply = scene.server.call(request)
        self.memory.crash_after(None)
        after = Eye.look(self.memory)
        must(reply.status in {200, 500} or before == after, "a refused request changed something", reply.status)
        # A server that lost power before it committed has accepted nothing, whatever it knew already.
        accepted = set() if reply.status == 500 and before == after else self._accepted(asked, reply)
        if profile is not None and reply.status == 200:
            profile.acked |= accepted
        if is_suspect:
            self._told_of_loss(asked, reply)
        if after is not before or accepted:
            judge(self.memory, before, after, occasion(asked, accepted), asked["user"] or "nobody")
            check_server(self.memory, scene.shop.clock.now)
        if is_genuine:
            self._remember(request, reply)
        return reply

    def _remember(self, request: Request, reply: Reply) -> None:
        self.scene.sent.append(request)
        if reply.status == 200:
            self.scene.made_answers.setdefault(request.asked["request_id"], []).append(reply.decoded)
            self.scene.answers.append(reply)

    def _told_of_loss(self, asked: dict, reply: Reply) -> None:
        if reply.status == 200 and not all(reply.answer["known"].values()):
            self.note("  history was lost, says", asked["user"][:4])
            self.scene.post.heard_of(asked["user"])

    def _accepted(self, asked: dict, reply: Reply) -> set[str]:
        """The ids of the commands that this request brought and the server accepted."""
        if reply.status == 200:
            results = reply.answer["results"]
            must([row.get("id") for row in results] == [row["id"] for row in asked["commands"]], "a result is missing")
            return {
                row["id"] for row in results if row["outcome"] in {"applied", "duplicate"} and row["code"] in ACCEPTED
            }
        if reply.status != 500:
            # Refused, whatever it brought: a disabled account's old work is no event.
            return set()
        # The server may have lost power after the commit.
        known = dict(self.memory.all("SELECT command_id, code FROM receipts"))
        return {row["id"] for row in asked["commands"] if known.get(row["id"]) in ACCEPTED}

    def deliver_late(self) -> None:
        """A request that was given up arrives after all, or one that had arrived does so again."""
        scene = self.scene
        if scene.late:
            self.deliver(scene.late.pop(self.rng.randrange(len(scene.late))), None)
        elif scene.sent:
            self.deliver(self.rng.choice(scene.sent), None)

    @contextmanager
    def watched(self):
        """The digests are an alarm and no mechanism: it must never ring. And only true answers are taken in."""
        settle, scene = Store.settle, self.scene

        def ring(_store: Store) -> None:
            raise Violation("the digests disagree after a finished sync")

        def watch(store: Store, carried, answer):
            must(answer.request_id in scene.made_answers, "an answer to another request was taken")
            true = scene.made_answers[answer.request_id]
            must(answer in [read_answer(body) for body in true], "an answer was taken that the server didn't give")
            settled = settle(store, carried, answer)
            if settled is not None:
                scene.syncing[-1].acked.update(_told(scene.syncing[-1], answer.changes, settled.dropped))
            return settled

        with Instead(Store, "ask_for_everything", ring), Instead(Store, "settle", watch):
            yield


def _told(profile: Profile, changes, dropped) -> set[str]:
    """Those of these commands whose fact this answer brings: what waits on top may hide it at once."""
    told = {row.lesson for row in changes.progress} | {row.course for row in changes.enrollments}
    return {command_id for command_id in dropped if profile.made.get(command_id, ("", ""))[1] in told}

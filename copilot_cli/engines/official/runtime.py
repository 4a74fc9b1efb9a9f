"""One runtime process: started, called, watched and ended, all within deadlines.

The only event loop of the program runs here, on a thread of its own; everything else calls from
outside and waits, at most as long as the deadline says. Rule: what does not answer in time is
killed with its children before anything else is started.
"""

import asyncio
import logging
import signal
import subprocess
import threading
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from copilot_cli.engines.failure import Failure
from copilot_cli.engines.official import faults
from copilot_cli.engines.official.attempt import Attempt
from copilot_cli.engines.official.events import item_of
from copilot_cli.engines.official.requests import ModelRequests
from copilot_cli.engines.official.sdk import SDK, Launch, Plan, Session
from copilot_cli.engines.official.watcher import Watcher
from copilot_cli.messages import ToolResultPart
from copilot_cli.process_tree import kill_tree

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class Deadlines(NamedTuple):
    """How long things may take, in seconds.

    `call` is for making a session and for asking it until it asks the model: with a slow network
    GitHub's own replies come late. `settle` is what the runtime gets to end its last turn before
    the next, `ping` what it gets to answer one; `unused` is after how long it is asked for one
    before it is used again, and in a call that takes that long.
    """

    start: float = 15.0
    call: float = 45.0
    settle: float = 3.0
    ping: float = 5.0
    unused: float = 5.0


class Runtime:
    """A runtime that has started. Raises `SettingsError` where it does not start."""

    def __init__(
        self, sdk: SDK, launch: Launch, requests: ModelRequests, deadlines: Deadlines
    ) -> None:
        self._sdk = sdk
        try:  # before there is a thread that would have to be ended
            self._client = sdk.client(launch, requests)
        except Exception as error:  # another release of the SDK may want to be asked otherwise
            raise faults.not_started(faults.said(error)) from error
        self._requests = requests
        self._deadlines = deadlines
        self._sessions: dict[str, _Talk] = {}
        self._ended = threading.Event()
        self._stopped = False
        self._code: int | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._serve, name="copilot-chat runtime", daemon=True
        )
        self._thread.start()
        self._child: subprocess.Popen[bytes] | None = None
        self._watcher: Watcher | None = None
        self._start(deadlines.start)

    def _start(self, seconds: float) -> None:
        try:
            self._wait(self._begin(), seconds)
        except TimeoutError as error:
            left = self.stop()
            raise faults.not_started(f"no answer within {seconds:g} s", left) from error
        except Exception as error:
            left = self.stop()  # whatever it was, nothing stays behind
            raise faults.not_started(faults.said(error), left) from error
        except BaseException:
            self.stop()
            raise
        process = self._process
        if process is not None:
            watch = threading.Thread(target=self._watch, args=(process,), daemon=True)
            watch.start()

    async def _begin(self) -> None:
        """Start the client, and take note of its process before the SDK may forget it."""
        start = asyncio.ensure_future(self._client.start())
        await asyncio.sleep(0)
        self._child = self._sdk.process(self._client)
        if self._child is not None:
            self._watcher = Watcher(self._child.pid)
        await start

    # The process

    @property
    def _process(self) -> "subprocess.Popen[bytes] | None":
        """The process, which the SDK forgets once it has killed it."""
        self._child = self._child or self._sdk.process(self._client)
        return self._child

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._ended.is_set()

    @property
    def failure(self) -> Failure:
        """What an answer has failed of that waited for the process that is gone."""
        return faults.ended(self._code)

    def answers(self) -> bool:
        """Ask the process for a sign of life; one that gives none is killed."""
        try:
            self._wait(self._client.ping(), self._deadlines.ping)
        except Exception:  # noqa: BLE001 - whatever it is, it does not answer
            self.stop()
            return False
        return True

    def stop(self) -> str:
        """End the process with its children, and the loop; return why not, empty if it did."""
        if self._stopped:
            return ""
        self._stopped = True
        left = self._kill()
        try:
            self._wait(self._client.force_stop(), self._deadlines.ping)
        except Exception as error:  # noqa: BLE001 - the SDK's clean-up; the process is killed
            left = left or faults.said(error)
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(self._deadlines.ping)
        self._close_pipes()
        self._lost()
        for session_id in list(self._sessions):
            self._requests.forget(session_id)
        return left

    def _kill(self) -> str:
        process = self._process
        try:
            if process is not None:
                kill_tree(process)
        except (OSError, subprocess.SubprocessError) as error:
            return faults.said(error)
        finally:
            self._dismiss()
        return ""

    def _dismiss(self) -> None:
        if self._watcher is not None:
            self._watcher.dismiss()

    def _close_pipes(self) -> None:
        """Close what the SDK leaves open of a process that is gone."""
        process = self._process
        for pipe in (process.stdin, process.stdout, process.stderr) if process else ():
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        self._code = process.wait()
        self._dismiss()
        self._lost()

    def _lost(self) -> None:
        """Tell whoever waits that nothing more will come."""
        self._ended.set()
        for talk in list(self._sessions.values()):
            if talk.attempt is not None:
                talk.attempt.put(self.failure)

    # Sessions

    def open(self, plan: Plan) -> None:
        """Make the session of `plan`. Raises `Failure`."""
        talk = self._sessions[plan.session_id] = _Talk(self._loop)
        making = self._sdk.session(self._client, plan, talk.hear, talk.result)
        try:
            talk.session = self._call(making, "a session")
        except BaseException:
            self.let_go(plan.session_id)
            raise

    def expect(self, session_id: str, attempt: Attempt) -> None:
        """Have what comes of the session go to `attempt` from here on."""
        self._sessions[session_id].attempt = attempt
        self._requests.expect(session_id, attempt)
        if self.ended:
            attempt.put(self.failure)

    def send(self, session_id: str, prompt: str) -> None:
        """Begin a turn of the session. Raises `Failure`."""
        session = self._sessions[session_id].session
        assert session is not None
        self._call(session.send(prompt), "a question")

    def resume(self, session_id: str, results: Mapping[str, ToolResultPart]) -> None:
        """Give the session the results that it waits for."""
        talk = self._sessions[session_id]
        with suppress(RuntimeError):  # the loop is closed: its attempt hears of that
            self._loop.call_soon_threadsafe(talk.resolve, results)

    def let_go(self, session_id: str) -> None:
        """Give up the session, with the turn that it may be in; nobody waits for that."""
        self._requests.forget(session_id)
        talk = self._sessions.pop(session_id, None)
        if talk is None or self._stopped:
            return
        work = talk.close(self._deadlines.ping)
        try:
            asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed, and everything with it
            work.close()

    # The loop

    def _call(self, work: Coroutine[Any, Any, _T], what: str) -> _T:
        """Return what `work` returns, within the deadline of a call. Raises `Failure`."""
        seconds, begun = self._deadlines.call, self._loop.time()
        try:
            return self._wait(self._answered(work), seconds)
        except TimeoutError as error:
            seconds = min(seconds, self._loop.time() - begun)
            self.stop()
            raise faults.hung(what, round(seconds, 1)) from error
        except Exception as error:
            if self._is_gone():
                raise self.failure from error
            raise faults.refused(what, error) from error

    async def _answered(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Await `work`: what takes long is asked for a sign of life. Raises `TimeoutError`.

        A runtime that waits for GitHub gives one, and is waited for; one that hangs does not.
        """
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._deadlines.unused)
            if not done:
                await asyncio.wait_for(self._client.ping(), self._deadlines.ping)
            return await task
        finally:
            task.cancel()

    def _is_gone(self) -> bool:
        """Return whether the process has ended, if only just now."""
        process = self._process
        if process is None or process.poll() is None:
            return self._ended.wait(_JUST_NOW)
        return True

    def _wait(self, work: Coroutine[Any, Any, _T], seconds: float) -> _T:
        """Run `work` on the loop and return what it returns. Raises `TimeoutError`."""
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), self._loop)
        try:
            return future.result(seconds + _GRACE)
        except BaseException:
            future.cancel()  # Ctrl-C too: what nobody waits for any more is not done
            raise

    def _serve(self) -> None:
        """Run the loop until it is stopped, then leave nothing of it behind."""
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(_note)
        if hasattr(signal, "pthread_sigmask"):
            # What this thread starts inherits it: Ctrl-C at the terminal is for us alone, and does
            # not end the runtime with the answer.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._loop.run_forever()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep to the log what a task of the SDK's left: a reply that came after all, mostly."""
    _log.debug("on the loop: %s", context.get("exception") or context["message"])


_JUST_NOW = 0.2  # seconds in which a process whose pipe has broken is seen to have ended
_GRACE = 2.0  # seconds beyond a deadline after which the loop itself is stuck


class _Talk:
    """A session, who listens to it, and the results that its calls wait for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.session: Session | None = None
        self.attempt: Attempt | None = None
        self._loop = loop
        self._results: dict[str, asyncio.Future[ToolResultPart]] = {}

    def hear(self, kind: str, data: Any) -> None:
        """Hand an event of the SDK on to the attempt that listens."""
        item = item_of(kind, data)
        if item is not None and self.attempt is not None:
            self.attempt.put(item)

    async def result(self, call_id: str) -> ToolResultPart:
        """Return the result of a call, once it is there."""
        return await self._future(call_id)

    def resolve(self, results: Mapping[str, ToolResultPart]) -> None:
        """Take results, whether or not the runtime has asked for them already."""
        for call_id, result in results.items():
            future = self._future(call_id)
            if not future.done():
                future.set_result(result)

    def _future(self, call_id: str) -> "asyncio.Future[ToolResultPart]":
        return self._results.setdefault(call_id, self._loop.create_future())

    async def close(self, seconds: float) -> None:
        """Give the turn up and disconnect; what hangs is found by the next ping."""
        for future in self._results.values():
            future.cancel()
        if self.session is None:
            return
        with suppress(Exception):  # the process may be gone, which is as good
            await asyncio.wait_for(self.session.abort(), seconds)
            await asyncio.wait_for(self.session.disconnect(), seconds)

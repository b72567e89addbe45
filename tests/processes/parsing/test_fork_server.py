"""A real fork server and its children."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from webapp.parsing.child import ENVIRONMENT, ChildError
from webapp.parsing.fork_server.client import ForkServer, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TASKS = "tests.parsing.tasks"
LIMITS = Limits(seconds=30, megabytes=512, output_megabytes=16)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer(TASKS) as server:
        yield server


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    path = tmp_path_factory.mktemp("documents") / "letter"
    path.write_bytes(b"what the letter says")
    descriptor = os.open(path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def call(server: ForkServer, file: int, *order: Any, on_step: Any = None, **limits: Any) -> bytes:
    given = Limits(**{**{name: getattr(LIMITS, name) for name in LIMITS.__slots__}, **limits})
    return server.call(TASKS, file, dict([order]), limits=given, on_step=on_step)


def refused(server: ForkServer, file: int, *order: Any, **limits: Any) -> ChildError:
    with pytest.raises(ChildError) as caught:
        call(server, file, *order, **limits)
    return caught.value


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_gone(*processes: int) -> None:
    wait_until(lambda: not any(map(is_running, processes)))


def test_a_task_reads_the_file_and_its_result_comes_back(server: ForkServer, file: int) -> None:
    assert call(server, file, "read", 100) == b"what the letter says"


def test_results_of_any_size_come_back_up_to_the_limit(server: ForkServer, file: int) -> None:
    assert call(server, file, "large", 5_000_000) == bytes(5_000_000)
    assert call(server, file, "echo", "") == b""
    error = refused(server, file, "large", 2 << 20, output_megabytes=1)
    assert (error.reason, error.permanent) == ("output", True)


def test_steps_are_reported_as_they_are_done(server: ForkServer, file: int) -> None:
    told: list[dict[str, Any]] = []
    assert call(server, file, "steps", [0, 0, 0], on_step=told.append) == b"done"
    assert told == [{"step": 0}, {"step": 1}, {"step": 2}]


def test_each_step_has_its_own_time(server: ForkServer, file: int) -> None:
    error = refused(server, file, "steps", [0, 0, 1000], step_seconds=0.5, seconds=600)
    assert (error.reason, error.permanent) == ("timeout", False)


def test_what_is_to_be_opened_is_opened_before_the_child_is_confined(
    server: ForkServer, file: int, tmp_path: Path
) -> None:
    (tmp_path / "model").write_text("weights")
    assert call(server, file, "open before", str(tmp_path / "model")) == b"weights"


def test_a_task_says_itself_why_it_refuses(server: ForkServer, file: int) -> None:
    error = refused(server, file, "refuse", "It needs a password.")
    assert (str(error), error.reason, error.permanent) == ("It needs a password.", "refused", True)


def test_what_it_raises_unexpectedly_says_where_and_nothing_of_the_document(
    server: ForkServer, file: int
) -> None:
    error = refused(server, file, "raise", "a secret of the document")
    assert (error.reason, error.permanent) == ("failed", True)
    assert error.detail.startswith("ValueError at ")
    assert "secret" not in error.detail + str(error)


def test_memory_and_cpu_time_are_bounded(server: ForkServer, file: int) -> None:
    error = refused(server, file, "memory", "")
    assert (error.reason, error.permanent) == ("memory", True)
    error = refused(server, file, "loop", "", step_seconds=1.0, seconds=600)
    # Whichever comes first on this machine.
    assert (error.reason, error.detail) in {("timeout", "SIGXCPU"), ("timeout", "wall clock")}


def test_waiting_is_cut_off_by_the_wall_clock_and_may_be_tried_again(
    server: ForkServer, file: int
) -> None:
    error = refused(server, file, "sleep", 1000, seconds=0.3)
    assert (error.reason, error.permanent) == ("timeout", False)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_child_that_crashes_harms_nobody_else(
    server: ForkServer, file: int, number: signal.Signals
) -> None:
    error = refused(server, file, "signal", number)
    assert (error.reason, error.permanent, error.detail) == ("crash", True, number.name)
    assert call(server, file, "echo", "still here") == b"still here"


def test_a_child_that_vanishes_may_be_tried_again(server: ForkServer, file: int) -> None:
    error = refused(server, file, "exit", 3)
    assert (error.reason, error.permanent, error.detail) == ("crash", False, "exit status 3")


def test_a_child_reaches_nothing_beyond_itself(
    server: ForkServer, file: int, tmp_path: Path
) -> None:
    found = json.loads(call(server, file, "attempts", str(tmp_path / "made")))
    assert {name for name, error in found.items() if error is None} == set()
    assert not (tmp_path / "made").exists()


def test_a_child_sees_neither_environment_nor_folder_nor_modules_of_the_owner(
    server: ForkServer, file: int
) -> None:
    environment, folder, modules = json.loads(call(server, file, "environment", ""))
    assert set(environment) <= {*ENVIRONMENT, "LC_CTYPE"}
    assert folder == "/"
    assert not {"flask", "psycopg", "obstore", "pytest"} & set(modules)


def test_the_server_has_one_thread_and_keeps_no_descriptors(server: ForkServer, file: int) -> None:
    running = json.loads(call(server, file, "processes", ""))["server"]
    folder = Path(f"/proc/{running}")
    children = folder / "task" / str(running) / "children"

    def descriptors() -> set[str]:
        return {each.name for each in (folder / "fd").iterdir()}

    wait_until(lambda: not children.read_text())
    before = descriptors()
    for _ in range(20):
        call(server, file, "echo", "x")
    refused(server, file, "exit", 3)
    with pytest.raises(ZeroDivisionError):
        call(server, file, "steps", [0, 1000], on_step=lambda _: 1 / 0)
    wait_until(lambda: not children.read_text() and descriptors() <= before)
    assert "Threads:\t1\n" in (folder / "status").read_text()


def test_several_threads_at_once_get_their_own_answers(server: ForkServer, file: int) -> None:
    answers: dict[int, bytes] = {}

    def ask(number: int) -> None:
        answers[number] = call(server, file, "echo", str(number) * 50_000)

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: str(number).encode() * 50_000 for number in range(8)}


def test_whoever_is_told_of_a_step_may_cancel(server: ForkServer, file: int) -> None:
    told: dict[str, int] = {}

    def cancel(step: dict[str, int]) -> None:
        told.update(step)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(server, file, "tell", "", on_step=cancel)
    assert not is_running(told["child"])


def test_a_slow_listener_holds_up_nobody_else(server: ForkServer, file: int) -> None:
    """The server has something to say to a client whose socket is full."""
    go_on = threading.Event()
    asked = threading.Thread(
        target=call,
        args=(server, file, "steps", [0] * 600),
        kwargs={"on_step": lambda _: go_on.wait(30)},
    )
    asked.start()
    try:
        assert call(server, file, "echo", "x") == b"x"
        refused(server, file, "exit", 3)
    finally:
        go_on.set()
        asked.join()


def test_programs_end_together_with_the_child(server: ForkServer, file: int) -> None:
    told: dict[str, int] = {}

    def cancel(step: dict[str, int]) -> None:
        told.update(step)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(server, file, "program", "", on_step=cancel, may_start_programs=True)
    wait_until_gone(told["program"])


def test_a_server_that_dies_takes_its_children_along_and_is_started_again(file: int) -> None:
    told: dict[str, int] = {}

    def kill(step: dict[str, int]) -> None:
        told.update(step)
        os.kill(step["server"], signal.SIGKILL)

    with ForkServer(TASKS) as server:
        error_or_none = None
        try:
            call(server, file, "tell", "", on_step=kill)
        except ChildError as error:
            error_or_none = error
        assert error_or_none is not None
        assert (error_or_none.reason, error_or_none.permanent) == ("unavailable", False)
        wait_until_gone(told["child"])
        assert call(server, file, "echo", "again") == b"again"


def test_a_closed_server_leaves_nothing_and_may_be_used_again(file: int) -> None:
    server = ForkServer(TASKS)
    running = json.loads(call(server, file, "processes", ""))
    server.close()
    assert not is_running(running["server"])
    assert call(server, file, "echo", "again") == b"again"
    server.close()


def test_a_server_that_cannot_start_may_be_tried_again(file: int) -> None:
    with ForkServer("webapp.parsing.no_such_module") as server:
        error = refused(server, file, "echo", "x")
        assert (error.reason, error.permanent) == ("unavailable", False)


def test_the_server_ends_with_its_owner_even_where_a_fork_of_that_lives_on(file: int) -> None:
    code = f"""
import os, sys
from webapp.parsing.fork_server.client import ForkServer, Limits
server = ForkServer({TASKS!r})
def tell(step):
    if not os.fork():  # it has the socket to the server as well
        import time
        time.sleep(1000)
    print(step["server"], step["child"], flush=True)
server.call({TASKS!r}, 0, {{"tell": ""}}, limits=Limits(seconds=60, megabytes=512), on_step=tell)
"""
    with (
        Path(os.devnull).open("rb") as nothing,
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=nothing,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as owner,
    ):
        assert owner.stdout is not None
        server, child = map(int, owner.stdout.readline().split())
        try:
            owner.kill()
            wait_until_gone(server, child)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(owner.pid, signal.SIGKILL)

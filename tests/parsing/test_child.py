from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.children import children
from tests.processes import eventually
from webapp.parsing import child

pytestmark = pytest.mark.processes

PARSER = "tests.parsing.parser"


def run(
    order: str, *, seconds: float = 60, megabytes: int = 256, output_megabytes: int = 16
) -> str:
    return child.run(
        PARSER,
        order.encode(),
        seconds=seconds,
        megabytes=megabytes,
        output_megabytes=output_megabytes,
    ).decode()


def refused(order: str, **limits: float) -> child.ChildError:
    with pytest.raises(child.ChildError) as caught:
        run(order, **limits)  # type: ignore[arg-type]
    return caught.value


def test_the_answer_of_the_parser_comes_back() -> None:
    assert run("echo hello") == "hello"


def test_input_and_output_larger_than_a_pipe_come_through() -> None:
    assert len(run("echo " + "x" * 5_000_000)) == 5_000_000


def test_an_empty_answer_is_an_answer() -> None:
    assert run("echo ") == ""


def test_the_environment_of_the_parent_stays_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    environment, folder, _ = eval(run("environment"))
    assert "secret" not in repr(environment)
    assert set(environment) <= {*child.ENVIRONMENT, "LC_CTYPE"}
    assert folder == "/"


@pytest.mark.long
def test_an_endless_loop_is_cut_off_by_cpu_time_or_else_by_the_wall_clock() -> None:
    error = refused("loop", seconds=1.5)
    # On a busy machine, time may be up before it gets as much CPU time as it is allowed.
    assert (error.reason, error.permanent, error.detail) in {
        ("timeout", True, "SIGXCPU"),
        ("timeout", False, "wall clock"),
    }


def test_a_loop_that_used_up_its_cpu_time_is_not_tried_again() -> None:
    error = child.died(-signal.SIGXCPU)
    assert (error.reason, error.permanent) == ("timeout", True)
    assert not child.died(-signal.SIGALRM).permanent


def test_waiting_is_cut_off_by_the_wall_clock_and_may_be_tried_again() -> None:
    began = time.monotonic()
    error = refused("sleep", seconds=0.3)
    assert (error.reason, error.permanent) == ("timeout", False)
    assert time.monotonic() - began < 30  # it would sleep for a minute


def test_too_much_memory_is_refused() -> None:
    error = refused("memory")
    assert (error.reason, error.permanent) == ("memory", True)


def test_too_much_output_is_refused() -> None:
    error = refused(f"large {2 << 20}", output_megabytes=1)
    assert (error.reason, error.permanent) == ("output", True)


def test_what_the_parser_raises_is_for_the_log_and_not_for_the_user() -> None:
    error = refused("raise a secret of the parser")
    assert (error.reason, error.permanent) == ("failed", True)
    assert "a secret of the parser" in error.detail
    assert "a secret of the parser" not in str(error)


def test_a_parser_that_exits_has_failed() -> None:
    assert refused("exit").reason == "failed"


def test_a_parser_that_vanishes_without_an_answer_has_crashed() -> None:
    error = refused("vanish")
    assert (error.reason, error.permanent, error.detail) == ("crash", False, "exit status 3")


@pytest.mark.parametrize(
    ("number", "permanent"),
    [(signal.SIGSEGV, True), (signal.SIGABRT, True), (signal.SIGKILL, False)],
)
def test_a_crash_is_the_inputs_fault_unless_the_kill_came_from_outside(
    number: signal.Signals, permanent: bool
) -> None:
    error = refused(f"signal {int(number)}")
    assert (error.reason, error.permanent, error.detail) == ("crash", permanent, number.name)


def test_a_child_that_never_reads_its_input_does_not_block_the_parent() -> None:
    with pytest.raises(child.ChildError) as caught:
        child.run("tests.parsing.not_importable", bytes(1 << 20), seconds=60, megabytes=256)
    assert "no_such_distribution" in caught.value.detail


@pytest.mark.parametrize("parser", ["not_importable", "not_loadable", "not_imported_later"])
def test_what_cannot_be_imported_is_no_fault_of_the_input(parser: str) -> None:
    with pytest.raises(child.ChildError) as caught:
        child.run(f"tests.parsing.{parser}", b"x", seconds=60, megabytes=256)
    error = caught.value
    assert (error.reason, error.permanent) == ("unavailable", False)
    assert "damaged" not in str(error)
    assert "no_such_distribution" in error.detail


@pytest.mark.parametrize(
    ("parser", "why"),
    [
        ("not_importable", "ModuleNotFoundError: No module named 'no_such_distribution'"),
        ("not_loadable", "ImportError: It has moved.\nInstall no_such_distribution."),
    ],
)
def test_a_parser_is_checked_before_there_is_any_input(parser: str, why: str) -> None:
    with pytest.raises(child.ChildError) as caught:
        child.check(f"tests.parsing.{parser}", megabytes=256)
    assert str(caught.value) == (
        f"tests.parsing.{parser} cannot be loaded in a child process: {why}"
    )


def test_a_parser_that_can_be_loaded_passes_its_check() -> None:
    child.check(PARSER, megabytes=256)


def test_memory_that_ends_while_a_parser_loads_is_no_fault_of_the_input() -> None:
    with pytest.raises(child.ChildError) as caught:
        child.run("tests.parsing.too_large_to_load", b"x", seconds=60, megabytes=256)
    assert (caught.value.reason, caught.value.permanent) == ("unavailable", False)


def test_whoever_waits_is_asked_and_may_end_the_child() -> None:
    before, asked = children(), 0

    def on_wait() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            assert children() - before
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        child.run("tests.parsing.endless", b"", seconds=600, megabytes=256, on_wait=on_wait)
    assert children() <= before


def test_a_child_that_cannot_be_started_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    error = refused("echo hello")
    assert (error.reason, error.permanent) == ("crash", False)


def test_what_a_library_prints_stays_out_of_the_answer() -> None:
    assert run("print the answer") == "the answer"


def test_the_child_writes_no_files(tmp_path: Path) -> None:
    target = tmp_path / "written"
    assert "File too large" in refused(f"write {target}").detail
    assert not target.exists() or target.stat().st_size == 0


def test_the_child_opens_few_files() -> None:
    assert int(run("open")) < 64


def test_what_the_child_started_is_gone_with_it() -> None:
    grandchild = int(run("fork"))

    def is_gone() -> bool:
        try:
            stat = Path(f"/proc/{grandchild}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):  # the second if it ends while it is read
            return True
        return stat.rpartition(")")[2].split()[0] == "Z"

    eventually(is_gone)


def test_a_child_ends_with_the_process_that_started_it() -> None:
    code = f"from webapp.parsing import child; child.run({PARSER!r}, b'sleep', seconds=60,"
    code += " megabytes=500, output_megabytes=1)"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=child.ROOT)
    try:
        (started,) = eventually(lambda: children_of(parent.pid))
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: not Path(f"/proc/{started}").exists() or is_zombie(started))


def children_of(pid: int) -> list[int]:
    stats = [(int(path.parent.name), stat_of(path)) for path in Path("/proc").glob("[0-9]*/stat")]
    return [each for each, stat in stats if stat and int(stat[1]) == pid]


def stat_of(path: Path) -> list[str]:
    """State, parent and so on of a process; nothing if it has ended."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_zombie(pid: int) -> bool:
    return stat_of(Path(f"/proc/{pid}/stat"))[:1] in ([], ["Z"])


def pipes() -> set[str]:
    """The pipe ends that this process has open; no other thread of the tests opens any."""
    found = set()
    for file in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # which others open and close in the meantime
            found.add(f"{file.name} {file.readlink()}")
    return {each for each in found if " pipe:" in each}


def test_a_refused_child_leaves_no_open_pipes_and_no_zombie() -> None:
    before = pipes(), children()
    refused("sleep", seconds=0.15)
    assert pipes() <= before[0]
    assert children() <= before[1]


def test_several_threads_at_once_get_their_own_answers() -> None:
    answers: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: answers.update({n: run(f"echo {n}")})) for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: str(n) for n in range(6)}


def test_it_runs_from_a_checkout_in_a_folder_with_spaces_and_from_any_folder(
    tmp_path: Path,
) -> None:
    checkout = tmp_path / "my check out"
    shutil.copytree(Path(child.__file__).parent, checkout / "webapp/parsing")
    for needed in ("__init__.py", "failure.py"):
        shutil.copy(Path(child.__file__).parents[1] / needed, checkout / "webapp")
    (checkout / "webapp/parsing/where.py").write_text(
        "def main(data):\n    return __file__.encode() + data\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # It must not be imported: the parent's folder may contain what a stranger uploaded.
    (elsewhere / "json.py").write_text("raise RuntimeError")
    script = (
        "import sys; sys.path[:0] = [sys.argv[1]]; sys.path.remove(''); "
        "from webapp.parsing import child; "
        "print(child.run('webapp.parsing.where', b'!', seconds=60, megabytes=256).decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, checkout],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"{checkout}/webapp/parsing/where.py!"

"""Why a piece of work is where it is, in words for an operator."""

from __future__ import annotations

from typing import Any


def why(work: dict[str, Any], *, is_known: bool) -> str:
    """What keeps it from being started, or who holds it. `is_known` says whether workers for its
    kind exist at all."""
    if work["status"] == "in_flight":
        return _holder(work)
    reasons = []
    if not is_known:
        reasons.append("this kind of work no longer exists")
    elif work["is_paused"]:
        reasons.append("its kind is paused")
    elif work["status"] == "ready" and not work["has_workers"]:
        reasons.append("no running worker does this kind of work")
    if work["cut_off"]:
        times = "once" if work["cut_off"] == 1 else f"{work['cut_off']} times in a row"
        reasons.append(f"its worker died or was too slow, {times}")
    if work["last_error"] is not None:
        reasons.append(work["last_error"])
    if not reasons:
        reasons.append("not due yet" if work["status"] == "waiting" else "next in turn")
    return "; ".join(reasons)


def _holder(work: dict[str, Any]) -> str:
    if work["host"] is None:
        return f"held by worker {work['worker_id']}, which is gone"
    silent = ", which has not been seen for a while" if work["is_silent"] else ""
    return f"held by a worker on {work['host']}, process {work['pid']}{silent}"

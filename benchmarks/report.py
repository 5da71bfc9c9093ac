"""Puts what was measured into a table, and beside what is aimed at."""

from collections.abc import Iterator
from typing import Any, NamedTuple

Result = dict[str, Any]
Results = dict[str, Result]

BASE, SERIAL = "plain 8", "plain 1"
MEMORY_SIZE, MEMORY = 5000, 350
FASTER = 10
GROWTH = 1.25


class Aim(NamedTuple):
    """At most so many times the CPU of plain boto3."""

    phase: str
    times: float


AIMS = (Aim("first", 1.50), Aim("second", 1.10), Aim("1 % changed", 1.12))

HEADS = ("", "CPU s", "x", "wall s", "x", "calls", "items", "written", "issues", "ms/item", "MB")
WIDTHS = (12, 8, 6, 8, 6, 7, 7, 8, 7, 8, 6)


def best(rounds: list[Results]) -> Results:
    """Return the least of every figure: what else the machine did only adds."""
    return {
        phase: {name: min(one[phase][name] for one in rounds) for name in rounds[0][phase]}
        for phase in rounds[0]
    }


def table(results: Results) -> Iterator[str]:
    """Yield the lines; `x` is the ratio to plain boto3 in eight threads."""
    yield line(HEADS)
    for phase, result in results.items():
        cells = [phase]
        for name in ("cpu", "wall"):
            cells += [f"{result[name]:.2f}", f"{result[name] / results[BASE][name]:.2f}"]
        cells += [str(result.get(name, "")) for name in ("calls", "items", "written", "issues")]
        cells += [f"{an_item(result):.2f}" if "items" in result else "", f"{result['peak']:.0f}"]
        yield line(cells)


def line(cells: Any) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return first[0].ljust(first[1]) + "".join(cell.rjust(width) for cell, width in others)


def an_item(result: Result) -> float:
    """Return the milliseconds of CPU that an item took."""
    return float(result["cpu"] / result["items"] * 1000)


def aims(size: int, latency: int, results: Results, smaller: Results | None) -> Iterator[str]:
    """Yield each aim that this run can tell of, and whether it is met.

    ``smaller`` is what a fifth of the size took.
    """
    if latency:
        faster = results[SERIAL]["wall"] / results["first"]["wall"]
        yield judged(f"first scan {faster:.1f} times faster than {SERIAL}", FASTER, -faster)
        return
    for aim in AIMS:
        ratio = results[aim.phase]["cpu"] / results[BASE]["cpu"]
        yield judged(f"{aim.phase}: {ratio:.2f} times the CPU of {BASE}", aim.times, ratio)
    peak = max(results[aim.phase]["peak"] for aim in AIMS)
    if size == MEMORY_SIZE:
        yield judged(f"memory: {peak:.0f} MB", MEMORY, peak)
    for aim in AIMS[:2] if smaller else ():
        growth = an_item(results[aim.phase]) / an_item((smaller or {})[aim.phase])
        told = f"{aim.phase}: {growth:.2f} times the CPU an item at a fifth of the size"
        yield judged(told, GROWTH, growth)


def judged(told: str, aim: float, is_: float) -> str:
    """Hold a figure against the most that it may be; against the least where it is negative."""
    met = is_ <= aim if is_ >= 0 else -is_ >= aim
    bound = "most" if is_ >= 0 else "least"
    return f"{'met ' if met else 'NOT MET '} {told} (aim: at {bound} {aim:g})"

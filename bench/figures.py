# SPDX-License-Identifier: Apache-2.0
#
# figures.py: from runs to figures: medians and spreads, what a tool adds, the tables, and the bounds that the
# project has set itself. Knows nothing of how runs are made.
from dataclasses import dataclass, field
from statistics import median

MEGABYTE = 1_000_000
# Smaller than this, an added time is the machine's noise, and a ratio to it says nothing.
LEAST_ADDED_SECONDS = 0.005


@dataclass
class Outcome:
    """All that is known of one work: runs by tool, the count of its blocks, and what went wrong."""

    work: object
    blocks: int = 0
    runs: dict = field(default_factory=dict)  # tool -> [Run]
    reports: dict = field(default_factory=dict)  # tool -> [seconds]
    remarks: list = field(default_factory=list)

    def middle(self, tool, what):
        runs = self.runs.get(tool)
        return median(what(run) for run in runs) if runs else None

    def wall(self, tool):
        return self.middle(tool, lambda run: run.wall)

    def spread(self, tool, what):
        """Half of the distance between the least and the greatest."""
        values = [what(run) for run in self.runs[tool]]
        return (max(values) - min(values)) / 2

    def added(self, tool):
        if not self.runs.get(tool) or not self.runs.get("untraced"):
            return None
        return self.wall(tool) - self.wall("untraced")

    def against_heaptrack(self, tool):
        """The tool's added time over heaptrack's, or None where heaptrack's own is lost in the noise."""
        added, heaptrack = self.added(tool), self.added("heaptrack")
        if added is None or heaptrack is None:
            return None
        noise = self.spread("untraced", lambda run: run.wall)
        if heaptrack < max(LEAST_ADDED_SECONDS, 3 * noise):
            return None
        return max(added, 0) / heaptrack

    def cpu_against_heaptrack(self, tool):
        """The same of all CPU time, the collector's and the interpreter's too."""
        if not all(self.runs.get(name) for name in (tool, "heaptrack", "untraced")):
            return None
        middle = {name: self.middle(name, lambda run: run.cpu_all) for name in (tool, "heaptrack", "untraced")}
        heaptrack = middle["heaptrack"] - middle["untraced"]
        return max(middle[tool] - middle["untraced"], 0) / heaptrack if heaptrack > LEAST_ADDED_SECONDS else None

    def waited(self):
        """The part of an untraced run that one thread of it did not run: what other work took from it."""
        return self.middle("untraced", lambda run: 1 - run.cpu_program / run.wall)

    def rate(self, tool, kind):
        return self.middle(tool, lambda run: run.rates[kind])

    def kinds(self):
        return list(self.runs["untraced"][0].rates) if self.runs.get("untraced") else []

    def rss_added(self, tool):
        """Bytes."""
        if not self.runs.get(tool) or not self.runs.get("untraced"):
            return None
        return 1024 * (self.middle(tool, lambda run: run.rss_kib) - self.middle("untraced", lambda run: run.rss_kib))


def number(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def fraction(value):
    """A ratio to heaptrack's, as people say it."""
    if value is None:
        return "-"
    if value < 0.001:
        return "~0"
    return f"1/{1 / value:.1f}" if value < 1 else f"{value:.1f}x"


class Table:
    """Markdown with fixed widths, so that it reads the same on a terminal, and row by row while the bench runs."""

    def __init__(self, columns, left=2):
        self.widths = [max(len(name), width) for name, width in columns]
        self.left = left
        self.head = [name for name, _ in columns]

    def text(self, cells):
        padded = [
            str(cell).ljust(width) if i < self.left else str(cell).rjust(width)
            for i, (cell, width) in enumerate(zip(cells, self.widths))
        ]
        return "| " + " | ".join(padded) + " |"

    def header(self):
        rule = ["-" * width if i < self.left else "-" * (width - 1) + ":" for i, width in enumerate(self.widths)]
        return self.text(self.head) + "\n" + self.text(rule)


COST = [("CPU s", 6), ("beside", 6), ("/heaptrack", 10), ("RSS +MB", 7), ("trace MB", 8), ("done s", 6), ("report s", 8)]
PROGRAMS = Table(
    [("work", 14), ("tool", 9), ("run s", 7), ("+-%", 4), ("times", 5), ("+ns/block", 9), ("/heaptrack", 10)] + COST
)
SERVERS = Table([("work", 14), ("tool", 9), ("k/s", 8), ("+-%", 4), ("of untraced", 11)] + COST)


def cost_cells(outcome, tool):
    runs = outcome.runs[tool]
    traced = tool in ("seep", "sample", "heaptrack")
    cpu = outcome.middle(tool, lambda run: run.cpu_all)
    rss = outcome.rss_added(tool)
    return [
        number(cpu),
        number(outcome.middle(tool, lambda run: run.cpu_all - run.cpu_program)) if traced else "-",
        fraction(outcome.cpu_against_heaptrack(tool)) if tool in ("seep", "sample") else "-",
        number(rss / MEGABYTE, 1) if rss is not None and tool != "untraced" else "-",
        number(median(run.trace_bytes for run in runs) / MEGABYTE, 3) if traced else "-",
        number(outcome.middle(tool, lambda run: run.settled)) if not outcome.work.server else "-",
        number(median(outcome.reports[tool]), 3) if outcome.reports.get(tool) else "-",
    ]


def percent_spread(outcome, tool, what):
    middle = outcome.middle(tool, what)
    return number(100 * outcome.spread(tool, what) / middle, 1) if middle else "-"


def program_rows(outcome):
    name = outcome.work.name
    for tool in outcome.runs:
        wall, added = outcome.wall(tool), outcome.added(tool)
        cells = [name, tool, number(wall, 3), percent_spread(outcome, tool, lambda run: run.wall)]
        if tool == "untraced":
            cells += ["-", f"({1e9 * wall / outcome.blocks:.1f})" if outcome.blocks else "-", "-"]
        else:
            per_block = 1e9 * added / outcome.blocks if added is not None and outcome.blocks > 1000 else None
            times = wall / outcome.wall("untraced") if added is not None else None
            ratio = fraction(outcome.against_heaptrack(tool)) if tool != "heaptrack" else "-"
            cells += [number(times), number(per_block, 1), ratio]
        yield PROGRAMS.text(cells + cost_cells(outcome, tool))
        name = ""


def server_rows(outcome):
    name = outcome.work.name
    for tool in outcome.runs:
        cost = cost_cells(outcome, tool)
        for kind in outcome.kinds():
            rate = outcome.rate(tool, kind)
            part = f"{100 * rate / outcome.rate('untraced', kind):.1f} %" if tool != "untraced" else "-"
            spread = percent_spread(outcome, tool, lambda run, kind=kind: run.rates[kind])
            cells = [f"{name} {kind}".strip(), tool, number(rate / 1000, 1), spread, part]
            yield SERVERS.text(cells + cost)
            cost = [""] * len(cost)


@dataclass
class Bound:
    what: str
    limit: str
    measured: str
    met: bool

    def cells(self):
        return [self.what, self.limit, "yes" if self.met else "NO", self.measured]


def bound(what, limit_text, figures, limit, show, at_least=False):
    """figures: pairs of a work's name and its figure, or None for unknown. Names all that break the bound, or the one
    that comes closest. A list of one, or of none if nothing is known."""
    known = sorted(((value, name) for name, value in figures if value is not None), reverse=not at_least)
    if not known:
        return []
    broken = [(value, name) for value, name in known if (value < limit if at_least else value > limit)]
    measured = ", ".join(f"{name} {show(value)}" for value, name in broken or known[:1])
    return [Bound(what, limit_text, measured, not broken)]


def ratio_figures(outcomes, kind):
    return [(o.work.name, o.against_heaptrack("seep")) for o in outcomes if o.work.kind == kind]


def rate_figures(outcomes, tool, names):
    return [
        (f"{o.work.name} {kind}", o.rate(tool, kind) / o.rate("untraced", kind))
        for o in outcomes
        if o.work.name in names and o.runs.get(tool) and o.runs.get("untraced")
        for kind in o.kinds()
    ]


def trace_share(outcome):
    seep = outcome.middle("seep", lambda run: run.trace_bytes)
    heaptrack = outcome.middle("heaptrack", lambda run: run.trace_bytes)
    return seep / heaptrack if seep and heaptrack and outcome.work.kind != "start" else None


def rss_share(outcome):
    added = outcome.rss_added("seep")
    return added / (1_000_000 + 300_000 * outcome.work.threads) if added is not None else None


def percent(value):
    return f"{100 * value:.1f} %"


def bounds(outcomes):
    """The project's own bounds, as far as this run can tell."""
    short = [o for o in outcomes if o.work.name == "short-8" and o.runs.get("seep") and o.runs.get("untraced")]
    reported = [o for o in outcomes if o.reports.get("seep")]
    times = [(o.work.name, o.wall("seep") / o.wall("untraced")) for o in short]
    reports = [(o.work.name, median(o.reports["seep"])) for o in reported]
    traces = [(o.work.name, trace_share(o)) for o in outcomes]
    rss = [(o.work.name, rss_share(o)) for o in outcomes]
    recorded = rate_figures(outcomes, "seep", ("redis",))
    sampled = rate_figures(outcomes, "sample", ("redis", "nginx"))
    return (
        bound("added time, of heaptrack's, one thread", "1/8", ratio_figures(outcomes, "single"), 1 / 8, fraction)
        + bound("the same, more threads", "1/5", ratio_figures(outcomes, "threads"), 1 / 5, fraction)
        + bound("run time, of untraced", "1.6x", times, 1.6, lambda value: f"{value:.2f}x")
        + bound("requests, of untraced: at least", "85 %", recorded, 0.85, percent, True)
        + bound("the same, sampled: at least", "98 %", sampled, 0.98, percent, True)
        + bound("report from a file", "0.5 s", reports, 0.5, lambda value: f"{value:.3f} s")
        + bound("trace, of heaptrack's", "1/20", traces, 1 / 20, fraction)
        + bound("RSS added, of 1 MB + 300 KB a thread", "100 %", rss, 1, percent)
    )

# SPDX-License-Identifier: Apache-2.0
#
# run.py: `make bench`. Runs each work untraced, under a preload that does nothing, under seep, under sampling seep
# and under heaptrack, one after the other and then all of them again, and prints medians. README.md tells how to
# read the tables.
#   QUICK=1             small inputs and three runs: under two minutes
#   BENCH_ONLY=NAMES    works of these names only (comma-separated, with * and ?)
#   BENCH_TOOLS=NAMES   these tools only, of untraced, nop, seep, sample, heaptrack
#   BENCH_RUNS=N        so many runs of each
import datetime
import fnmatch
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict

import figures
from tools import Failed, Tools
from works import WORKS, Place

# redis-server and nginx are in sbin, which a user's PATH may lack.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
QUICK = os.environ.get("QUICK", "") not in ("", "0")


def say(text=""):
    print(text, flush=True)


def chosen_names(variable):
    return [name for name in os.environ.get(variable, "").split(",") if name]


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError:
        return ""
    return done.stdout.splitlines()[0].strip() if done.stdout else ""


def processor():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def package_versions():
    packages = ["libc6", "gcc", "heaptrack", "redis-server", "nginx", "wrk", "sqlite3", "python3", "perl"]
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *packages],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    compressor = "zstd" if shutil.which("zstd") else "gzip"
    return listed.stdout.rstrip(", ") + f"; heaptrack compresses by {compressor}"


def describe_machine(tools, runs):
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 1024**2
    system = f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}"
    say(f"Machine: {processor()}, {system}; {datetime.date.today().isoformat()}.")
    try:
        say(f"Packages: {package_versions()}.")
    except OSError:
        pass
    if os.access(tools.seep, os.X_OK):
        commit = first_line("git", "log", "-1", "--format=commit %h")
        say(f"Tool: {first_line(tools.seep, 'version')}, {commit}.")
    size = "Small inputs (QUICK=1)" if QUICK else "Full inputs"
    say(f"{size}, {runs} runs of each in alternation; load before: {os.getloadavg()[0]:.2f}.")


def missing_packages(work):
    return [package for program, package in work.needs if not shutil.which(program)]


def count_blocks(tools, work, command, server, outcome):
    """The untimed first run, which also warms the caches."""
    tools.run("count", work, command, server)
    outcome.blocks = tools.counted()


def check_trace(tools, tool, outcome):
    """Speed that comes from not recording is none: a remark if the trace lacks something."""
    report = tools.totals(tool)
    trace, allocations = report["trace"], report["totals"]["allocations"]
    if trace["dropped_events"] or not trace["complete"]:
        outcome.remarks.append(f"{tool}: {trace['dropped_events']} dropped events, complete: {trace['complete']}")
    comparable = tool == "seep" and not outcome.work.server
    if comparable and abs(allocations - outcome.blocks) > max(50, outcome.blocks / 1000):
        outcome.remarks.append(f"{tool} recorded {allocations} blocks of {outcome.blocks}")


def measure(tools, names, work, place, runs):
    outcome = figures.Outcome(work)
    size = work.sizes[0 if QUICK else 1]
    server = work.server(place, size) if work.server else None
    command = server.command if server else work.command(place, size)
    failed = set()
    try:
        count_blocks(tools, work, command, server, outcome)
    except Failed as error:
        outcome.remarks.append(f"without a tool: {error}")
        return outcome
    if "heaptrack" in names and work.forks:
        outcome.remarks.append("heaptrack does not follow a fork")
    for turn in range(runs):
        for tool in names:
            if tool in failed or (tool == "heaptrack" and work.forks):
                continue
            try:
                outcome.runs.setdefault(tool, []).append(tools.run(tool, work, command, server))
                if turn == runs - 1 and tool in ("seep", "sample", "heaptrack"):
                    # The first is there to warm the caches; heaptrack's takes long, and its file has just been
                    # written.
                    seconds = tools.report_seconds(tool, 1 if tool == "heaptrack" else 4)
                    outcome.reports[tool] = seconds[1:] or seconds
                    if tool != "heaptrack":
                        check_trace(tools, tool, outcome)
            except Failed as error:
                outcome.remarks.append(f"{tool} failed: {error}")
                failed.add(tool)
                if not outcome.runs.get(tool):
                    outcome.runs.pop(tool, None)
    return outcome


def remarks(outcomes):
    if any(not run.cpu_whole for outcome in outcomes for runs in outcome.runs.values() for run in runs):
        say("- the collector's CPU time may be missing: kernel.perf_event_paranoid forbids to count it")
    alone = [o for o in outcomes if o.work.kind == "single" and o.runs.get("untraced")]
    waited = max((outcome.waited() for outcome in alone), default=0)
    if waited > 0.05:
        say(f"- the machine was busy: untraced runs waited for a core up to {100 * waited:.0f} % of their time")
    for outcome in outcomes:
        for remark in outcome.remarks:
            say(f"- {outcome.work.name}: {remark}")


def save(outcomes, path):
    """Every single run, for who wants other statistics."""
    text = {
        outcome.work.name: {
            "blocks": outcome.blocks,
            "runs": {tool: [asdict(run) for run in runs] for tool, runs in outcome.runs.items()},
            "report_seconds": outcome.reports,
            "remarks": outcome.remarks,
        }
        for outcome in outcomes
    }
    with open(path, "w") as file:
        json.dump(text, file, indent=1)


def measure_all(tools, names, works, place, runs):
    outcomes = []
    for servers, table, rows in (
        (False, figures.PROGRAMS, figures.program_rows),
        (True, figures.SERVERS, figures.server_rows),
    ):
        group = [work for work in works if bool(work.server) == servers]
        if not group:
            continue
        say()
        say(table.header())
        for work in group:
            outcome = measure(tools, names, work, place, runs)
            for line in rows(outcome):
                say(line)
            outcomes.append(outcome)
    return outcomes


def choose_works():
    only = chosen_names("BENCH_ONLY")
    works = [work for work in WORKS if not only or any(fnmatch.fnmatch(work.name, name) for name in only)]
    if not works:
        print("no work is called that; there are: " + " ".join(work.name for work in WORKS), file=sys.stderr)
        sys.exit(2)
    return works


def choose_tools(tools):
    only = chosen_names("BENCH_TOOLS")
    return [name for name in tools.names if not only or name in only]


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    runs = int(os.environ.get("BENCH_RUNS") or (3 if QUICK else 5))
    scratch = os.path.abspath(os.path.join(build, "bench", "scratch"))
    tools = Tools(build, os.path.join(scratch, "run"))
    works, names = choose_works(), choose_tools(tools)
    describe_machine(tools, runs)
    for line in tools.missing:
        say(f"Left out: {line}")
    for work in works:
        if missing_packages(work):
            say(f"Left out: {work.name}: apt-get install {' '.join(missing_packages(work))}")
    works = [work for work in works if not missing_packages(work)]
    place = Place(tools.programs, os.path.join(scratch, "inputs"), tempfile.mkdtemp(prefix="seep-bench-"))
    os.makedirs(place.inputs, exist_ok=True)
    try:
        outcomes = measure_all(tools, names, works, place, runs)
    finally:
        shutil.rmtree(place.sockets, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    say()
    remarks(outcomes)
    table = figures.Table([("bound", 38), ("limit", 6), ("met", 3), ("measured", 40)], left=4)
    found = figures.bounds(outcomes)
    if found:
        say()
        say(table.header())
        for bound in found:
            say(table.text(bound.cells()))
    save(outcomes, os.path.join(build, "bench", "runs.json"))


try:
    main()
except KeyboardInterrupt:
    sys.exit(130)

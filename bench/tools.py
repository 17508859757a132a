# SPDX-License-Identifier: Apache-2.0
#
# tools.py: how a work is run untraced and under each tool, and what one run gives: Run. Two measure processes are
# around it: the inner one sees the program alone, the outer one also what runs beside it.
import glob
import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field

BENCH = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_SECONDS = 900


class Failed(Exception):
    """A run that did not do its work; the message is for people."""


@dataclass
class Run:
    wall: float  # of the program, from exec to exit, seconds
    settled: float  # of the tool around it: until the trace is whole
    cpu_program: float
    cpu_all: float
    rss_kib: int
    cpu_whole: bool  # else the CPU time of a collector may be missing
    trace_bytes: int = 0
    rates: dict = field(default_factory=dict)  # servers: requests a second by kind


def read_measure(path):
    with open(path) as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file)


class Tools:
    def __init__(self, build, scratch):
        self.build = os.path.abspath(build)
        self.programs = os.path.join(self.build, "bench")
        self.scratch = scratch
        self.seep = os.path.join(self.build, "seep")
        self.heaptrack = shutil.which("heaptrack")
        self.names = ["untraced", "nop"]
        self.missing = []
        help_text = self.help("run")
        if help_text:
            self.names.append("seep")
            if "--sample" in help_text:
                self.names.append("sample")
        else:
            self.missing.append("seep: not built here (make)")
        if self.heaptrack:
            self.names.append("heaptrack")
        else:
            self.missing.append("heaptrack: apt-get install heaptrack")

    def help(self, command):
        if not os.access(self.seep, os.X_OK):
            return ""
        done = subprocess.run(
            [self.seep, command, "--help"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        return done.stdout if done.returncode == 0 else ""

    def around(self, tool, inner):
        """The command line and what its environment gets besides, for one tool."""
        pattern = os.path.join(self.scratch, "%e.%p.seep")
        if tool == "seep":
            return [self.seep, "run", "-o", pattern, "--", *inner], {}
        if tool == "sample":
            return [self.seep, "run", "-o", pattern, "--sample", "512K", "--", *inner], {}
        if tool == "heaptrack":
            return [self.heaptrack, "-o", os.path.join(self.scratch, "heaptrack"), *inner], {}
        if tool == "count":
            counter = os.path.join(self.scratch, "count")
            return inner, {"LD_PRELOAD": os.path.join(self.programs, "count.so"), "BENCH_COUNT_FILE": counter}
        if tool == "nop":
            return inner, {"LD_PRELOAD": os.path.join(self.programs, "nop.so")}
        return inner, {}

    def path(self, name):
        return os.path.join(self.scratch, name)

    def clear(self):
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.makedirs(self.scratch)

    def traces(self, tool):
        return glob.glob(self.path("*.seep" if tool in ("seep", "sample") else "heaptrack*"))

    def run(self, tool, work, command, server=None):
        """One run in an empty scratch folder, whose files stay until the next. Raises Failed."""
        self.clear()
        with open(self.path("count"), "wb") as counter:
            counter.write(bytes(8))
        measure = os.path.join(self.programs, "measure")
        inner = [measure, "-o", self.path("inner"), "-p", self.path("pid"), *command]
        argv, added = self.around(tool, inner)
        environment = {**os.environ, "LC_ALL": "C", **work.environment, **added}
        with open(self.path("stdout"), "wb") as out, open(self.path("stderr"), "wb") as err:
            process = subprocess.Popen(
                [measure, "-a", "-o", self.path("outer"), *argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment,
                start_new_session=True,
            )
            try:
                rates = self.drive(process, server) if server else {}
                process.wait(TIMEOUT_SECONDS)
            except (subprocess.SubprocessError, RuntimeError, OSError) as error:
                raise Failed(f"{error}; {self.last_words()}") from error
            finally:
                self.end(process)
        return self.result(tool, rates)

    def drive(self, process, server):
        """Drives a server and ends it by its own process id, which the inner measure wrote."""

        def pid():
            try:
                with open(self.path("pid")) as file:
                    return int(file.read())
            except FileNotFoundError:
                return None

        rates = server.drive(lambda: process.poll() is None)
        os.kill(pid(), signal.SIGTERM)
        return rates

    @staticmethod
    def end(process):
        """Whatever is left of the session that was started for this run, on errors and interrupts."""
        if process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def last_words(self):
        with open(self.path("stderr"), errors="replace") as file:
            lines = file.read().strip().splitlines()
        return " / ".join(lines[-3:]) or "nothing on stderr"

    def result(self, tool, rates):
        try:
            inner, outer = read_measure(self.path("inner")), read_measure(self.path("outer"))
        except FileNotFoundError as error:
            raise Failed(f"the program did not start; {self.last_words()}") from error
        if inner["status"] != "0":
            raise Failed(f"exit status {inner['status']}; {self.last_words()}")
        traces = self.traces(tool)
        if tool in ("seep", "sample", "heaptrack") and not traces:
            raise Failed(f"no trace; {self.last_words()}")
        return Run(
            wall=float(inner["wall_seconds"]),
            settled=float(outer["settled_seconds"]),
            cpu_program=float(inner["cpu_seconds"]),
            cpu_all=float(outer["cpu_seconds"]),
            rss_kib=int(inner["peak_rss_kib"]),
            cpu_whole=outer["cpu_whole"] == "1",
            trace_bytes=sum(os.path.getsize(path) for path in traces),
            rates=rates,
        )

    def counted(self):
        with open(self.path("count"), "rb") as counter:
            return int.from_bytes(counter.read(8), "little")

    def report_seconds(self, tool, times):
        """From the file to the printed report, of the last run's largest trace, each of so many times."""
        trace = max(self.traces(tool), key=os.path.getsize)
        if tool == "heaptrack":
            command = ["heaptrack_print", "-f", trace]
        else:
            command = [self.seep, "report", trace]
        seconds = []
        for _ in range(times):
            around = [os.path.join(self.programs, "measure"), "-o", self.path("printed"), *command]
            with open(self.path("report"), "wb") as out, open(self.path("stderr"), "wb") as err:
                status = subprocess.run(around, stdout=out, stderr=err, timeout=TIMEOUT_SECONDS).returncode
            seconds.append(float(read_measure(self.path("printed"))["wall_seconds"]))
            if status != 0:
                raise Failed(f"{command[0]} ends with status {status}; {self.last_words()}")
        return seconds

    def totals(self, tool):
        """What seep itself says of the last run's largest trace: the JSON report, parsed."""
        trace = max(self.traces(tool), key=os.path.getsize)
        done = subprocess.run([self.seep, "report", "--json", "--limit", "1", trace], stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

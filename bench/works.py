# SPDX-License-Identifier: Apache-2.0
#
# works.py: the list of what is measured. One Work a line of the tables; sizes are (quick, full), chosen so that an
# untraced run takes about a tenth of a second, or about a second.
import os
import subprocess
from dataclasses import dataclass, field
from typing import Callable

import inputs
import servers

BENCH = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Place:
    """Where things are: programs built for the bench, a folder for inputs, a short path for sockets."""

    programs: str
    inputs: str
    sockets: str

    def program(self, name):
        return os.path.join(self.programs, name)

    def file(self, name, text):
        path = os.path.join(self.inputs, name)
        with open(path, "w") as file:
            file.write(text)
        return path


@dataclass
class Work:
    name: str
    what: str
    sizes: tuple
    command: Callable = None  # (place, size) -> argv
    server: Callable = None  # (place, size) -> an object with .command and .drive(), instead of a command
    kind: str = "single"  # single, threads, server, or start: which of the bounds it is held to
    threads: int = 1
    needs: tuple = ()  # pairs of program and the Debian package that has it
    environment: dict = field(default_factory=dict)
    forks: bool = False  # heaptrack does not follow a fork, so there is nothing to compare with


def own(program, *arguments):
    """size: a number, or several that the program takes."""
    return lambda place, size: [
        place.program(program),
        *(str(number) for number in (size if isinstance(size, tuple) else (size,))),
        *arguments,
    ]


def python(place, size):
    return ["/usr/bin/python3", os.path.join(BENCH, "work_python.py"), str(size)]


def perl(place, size):
    return ["/usr/bin/perl", os.path.join(BENCH, "work_perl.pl"), str(size)]


def sqlite(place, size):
    return ["sqlite3", ":memory:", ".read " + place.file("work.sql", inputs.sql(size))]


def compiler(place, size):
    """The compiler proper: the gcc command only starts it."""
    cc1 = subprocess.run(["gcc", "-print-prog-name=cc1"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    source = place.file("work.c", inputs.c_source(size))
    return [cc1, "-quiet", "-O2", source, "-o", os.path.join(place.inputs, "work.s")]


PYTHON = (("/usr/bin/python3", "python3"),)

WORKS = [
    Work("start", "/bin/true: what a run costs at the least", (1, 1), lambda place, size: ["/bin/true"], kind="start"),
    Work("short-2", "short-lived blocks, shallow", (2_000_000, 25_000_000), own("work_short", "2")),
    Work("short-8", "short-lived blocks, 8 frames deep", (2_000_000, 25_000_000), own("work_short", "8")),
    Work("short-50", "short-lived blocks, 50 frames deep", (1_000_000, 20_000_000), own("work_short", "50")),
    Work(
        "recursion",
        "tree recursion, 485,000 stacks of up to 15 frames (QUICK: 170,000)",
        ((10, 12), (60, 13)),
        own("work_recursion"),
    ),
    Work("live", "blocks that live long, replaced at random", (200_000, 3_000_000), own("work_live")),
    Work("realloc", "growing reallocs", (800_000, 8_000_000), own("work_realloc")),
    Work("churn-1", "a server's churn, 1 thread", (2_000_000, 25_000_000), own("work_churn", "1")),
    Work(
        "churn-2",
        "the same, 2 threads that hand over 5 %",
        (1_500_000, 25_000_000),
        own("work_churn", "2"),
        kind="threads",
        threads=2,
    ),
    Work(
        "churn-4",
        "the same, 4 threads that hand over 5 %",
        (1_500_000, 25_000_000),
        own("work_churn", "4"),
        kind="threads",
        threads=4,
    ),
    Work(
        "foreign",
        "2 threads, every block freed by the other",
        (1_000_000, 10_000_000),
        own("work_foreign"),
        kind="threads",
        threads=2,
    ),
    Work(
        "sqlite",
        "sqlite3, create, insert, index, select in memory",
        (15_000, 150_000),
        sqlite,
        needs=(("sqlite3", "sqlite3"),),
    ),
    Work(
        "python",
        "python3, its own small-block allocator",
        (10, 100),
        python,
        needs=PYTHON,
        environment={"PYTHONHASHSEED": "0"},
    ),
    Work(
        "python-malloc",
        "python3 with PYTHONMALLOC=malloc",
        (6, 60),
        python,
        needs=PYTHON,
        environment={"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"},
    ),
    Work("cc1", "gcc -O2 (cc1) on a generated file", (8, 100), compiler, needs=(("gcc", "gcc"),)),
    Work(
        "perl",
        "perl, splitting, hashing, sorting, joining",
        (4, 40),
        perl,
        needs=(("/usr/bin/perl", "perl"),),
        environment={"PERL_HASH_SEED": "0"},
    ),
    Work(
        "redis",
        "redis-server, pipelined SET, LPUSH, HSET",
        (200_000, 1_500_000),
        server=servers.Redis,
        kind="server",
        threads=4,
        needs=(("redis-server", "redis-server"), ("redis-benchmark", "redis-tools")),
    ),
    Work(
        "nginx",
        "nginx, 2 workers, under wrk",
        (1, 5),
        server=servers.Nginx,
        kind="server",
        threads=1,
        needs=(("nginx", "nginx"), ("wrk", "wrk")),
        forks=True,
    ),
]

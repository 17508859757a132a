# SPDX-License-Identifier: Apache-2.0
#
# work_python.py: pure Python that allocates: objects in trees, words counted in dictionaries, records sorted, text
# joined. Run by Debian's python3 as the bench's work, once with Python's own small-block allocator and once with
# PYTHONMALLOC=malloc.
#   work_python.py [ROUNDS]
import sys


class Node:
    def __init__(self, depth, value):
        self.value = "n%d" % value
        self.children = [Node(depth - 1, value * 3 + i) for i in range(3)] if depth else []

    def total(self):
        return len(self.value) + sum(child.total() for child in self.children)


def count_words(numbers):
    counts = {}
    for number in numbers:
        word = "word-%d" % (number * 7919 % 5003)
        counts.setdefault(word, []).append({"number": number, "word": word})
    return counts


def sort_records(counts):
    records = [(len(items), word, [item["number"] for item in items]) for word, items in counts.items()]
    records.sort(key=lambda record: (record[0], record[1][::-1]))
    return ",".join("%s=%d" % (word, length) for length, word, _ in records)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    total = 0
    for turn in range(rounds):
        total += Node(6, turn).total()
        total += len(sort_records(count_words(range(turn, turn + 12000))))
    print("total", total)


main()

# SPDX-License-Identifier: Apache-2.0
#
# inputs.py: the texts that programs of Debian are given to work on. Made anew for each run of the bench, always the
# same for the same size.


def sql(rows):
    """Creates, fills, indexes and queries two tables in memory."""
    return f"""
create table item(id integer primary key, name text, price integer, note text);
create table sale(item integer, day integer, amount integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
  insert into item select i, 'item ' || i, i * 7919 % 1000, printf('%.*c', i % 40, 'x') from n;
with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows * 2})
  insert into sale select 1 + i * 7919 % {rows}, i % 365, i % 17 from n;
create index item_name on item(name);
create index sale_item on sale(item, day);
select count(*), sum(amount * price) from sale join item on sale.item = item.id where day between 30 and 200;
select name, sum(amount) as total from sale join item on sale.item = item.id
  group by item.id order by total desc, name limit 5;
select count(distinct substr(name, 1, 7)), group_concat(distinct length(note)) from item;
update item set note = note || name where price < 300;
delete from sale where day > 300;
select count(*), sum(length(note)) from item, (select count(*) from sale);
"""


FUNCTION = """
struct record_{i} {{ int kind; unsigned flags; double weights[{width}]; struct record_{i} *next; }};

static int step_{i}(struct record_{i} *record, const int *values, int count)
{{
	int sum = {i};

	for (int k = 0; k < count; k++) {{
		switch ((values[k] + record->kind) % {cases}) {{
{branches}		default:
			sum -= values[k] >> {shift};
		}}
		record->weights[k % {width}] += sum / (double)(k + 1);
	}}
	return sum;
}}

int walk_{i}(struct record_{i} *list, const int *values, int count)
{{
	int best = 0;

	for (struct record_{i} *record = list; record; record = record->next) {{
		int sum = step_{i}(record, values, count);

		if (record->flags & {mask}u && sum > best)
			best = sum;
		for (int k = 0; k < {width}; k++)
			if (record->weights[k] < 0)
				record->flags |= 1u << k;
	}}
	return best{call};
}}
"""


def c_source(functions):
    """A C file of pairs of functions with loops, switches and structures."""
    text = []
    for i in range(functions):
        cases = 4 + i % 9
        branches = "".join(
            f"\t\tcase {c}:\n"
            f"\t\t\tsum {'+^|'[(c + i) % 3]}= values[k] * {c * 3 + 1} + (int)record->flags;\n"
            f"\t\t\tbreak;\n"
            for c in range(cases - 1)
        )
        text.append(
            FUNCTION.format(
                i=i,
                width=2 + i % 7,
                cases=cases,
                branches=branches,
                shift=1 + i % 5,
                mask=hex(1 << i % 16),
                call=f" + walk_{i - 1}((struct record_{i - 1} *)0, values, count - 1)" if i else "",
            )
        )
    return "".join(text)

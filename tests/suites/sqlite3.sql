-- SPDX-License-Identifier: Apache-2.0
-- Statements for tests/suites.sh: much of what SQLite allocates for, and errors. Their answers have to be the same with seep.
.bail off
.headers on
create table words(id integer primary key, word text, length integer, weight real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000)
	insert into words select i, printf('word-%d-%x', i * 7919 % 50021, i), i % 37, i / 3.0 from n;
create index by_word on words(word);
create unique index by_length on words(length, id);
select count(*), sum(length), round(avg(weight), 6), min(word), max(word) from words;
select word from words where word like 'word-1%' order by word desc limit 20;
select length, count(*), group_concat(id, ',') from (select * from words where id <= 400) group by length order by length;
create table other as select id * 2 as id, hex(word) as h from words where id % 3 = 0;
select count(*), max(length(h)) from words join other using (id);
explain query plan select * from words join other using (id) where word > 'word-3';
create view odd as select * from words where id % 2;
select count(*) from odd;
create trigger shorten after update of word on words begin update words set length = length(new.word) where id = new.id; end;
update words set word = substr(word, 1, 8) where id % 5 = 0;
select sum(length) from words;
begin; delete from words where id > 100; select count(*) from words; rollback; select count(*) from words;
savepoint a; insert into words(word) values ('x'); savepoint b; insert into words(word) values ('y'); rollback to b; release a;
select count(*) from words;
create virtual table notes using fts5(body);
insert into notes select word || ' ' || hex(length) from words where id < 5000;
select count(*) from notes where notes match 'word';
select highlight(notes, 0, '[', ']') from notes where notes match '"word" 30' order by rowid limit 5;
select json_extract('{"a":[1,2,{"b":"c"}]}', '$.a[2].b'), json_array_length('[1,2,3]'), json_group_array(id) from words where id < 20;
with recursive fib(a, b) as (select 0, 1 union all select b, a + b from fib limit 80) select max(a) from fib;
select row_number() over (partition by length order by id), sum(id) over (order by id rows 3 preceding) from words where id < 30;
insert into words(id) values (1);
select * from nowhere;
select * from words where;
select abs(-9223372036854775808);
select randomblob(-1) is null, zeroblob(100000) = zeroblob(100000), length(zeroblob(10000000));
create table blobs(b blob); insert into blobs select zeroblob(id * 100) from words where id < 300; select sum(length(b)) from blobs;
vacuum; pragma integrity_check; analyze; select tbl, idx, stat from sqlite_stat1 order by 1, 2;
drop table other; alter table words add column extra default 'e'; alter table words rename column extra to more; select more, count(*) from words group by 1;

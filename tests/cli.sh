#!/usr/bin/env bash
# cli.sh - the command line's contract, line by line, on real files: cli.sh [DATAPLUG]
set -u
# shellcheck source=tests/support/command.sh
. "$(dirname "$0")/support/command.sh"
find_dataplug "$@"
begin

# One line on stderr that begins so.
says() {
	[ "$(wc -l <err)" = 1 ] && [[ $(cat err) == "dataplug: $1"* ]] && return
	echo "stderr is not \"dataplug: $1...\":"
	cat err
	return 1
}

# has FILE TEXT
has() {
	grep -qF -- "$2" "$1" || {
		echo "$1 has no \"$2\":"
		cat "$1"
		return 1
	}
}

reads 12000 >reads.fastq
gzip -c reads.fastq >reads.fastq.gz
sed 's,/1$,/2,' reads.fastq | gzip -c >mates.fastq.gz
head -400 reads.fastq >few.fastq

# ---- index ----
index_builds() {
	dp 0 index reads.fastq.gz && has out 'reads.fastq.gz: fastq, 12000 reads, ' && [ -s reads.fastq.gz.dpx ]
}
index_says_fresh() { dp 0 index reads.fastq.gz && has out 'fresh index'; }
index_is_quiet() { dp 0 index -q --force reads.fastq.gz && [ ! -s out ] && [ ! -s err ]; }
index_takes_several() {
	dp 66 index reads.fastq none.fastq mates.fastq.gz few.fastq -j 2 && says 'none.fastq: ' && [ "$(wc -l <out)" = 3 ]
}
index_prints_json() {
	dp 0 index --json reads.fastq.gz &&
		has out '{"object":"reads.fastq.gz","index":"file://' &&
		has out '"format":"fastq","built":false,"records":12000,"units":' && has out '"warnings":[]}'
}
index_takes_format_and_params() {
	cp few.fastq typed.fastq
	dp 0 index --format lines -p span=256K typed.fastq && has out 'lines, 400 lines'
}
index_rebuilds_for_another_format() {
	cp few.fastq again.fastq
	dp 0 index --format lines again.fastq && dp 0 index again.fastq --format fastq && has out ': fastq, 100 reads'
}
index_rebuilds_stale() {
	cp few.fastq grows.fastq
	dp 0 index grows.fastq && head -4 few.fastq >>grows.fastq && dp 78 show grows.fastq && says 'grows.fastq: ' &&
		dp 0 index grows.fastq && has out 'fastq, 101 reads'
}
index_refuses_unknown_format() { dp 64 index --format fastqq few.fastq && has err 'did you mean fastq'; }
index_refuses_broken_fastq() {
	sed '42s/^.//' few.fastq >short.fastq
	dp 65 index short.fastq && says 'short.fastq: ' && [ ! -e short.fastq.dpx ]
}
index_refuses_truncated_gzip() {
	head -c 100000 reads.fastq.gz >cut.fastq.gz
	dp 65 index cut.fastq.gz && says 'cut.fastq.gz: ' && [ ! -e cut.fastq.gz.dpx ]
}
index_refuses_empty_gz() { : >empty.fastq.gz && dp 65 index empty.fastq.gz && says 'empty.fastq.gz: '; }
index_takes_empty_text() { : >empty.fastq && dp 0 index empty.fastq && has out '0 reads'; }
index_refuses_folder() { mkdir -p folder && dp 69 index folder && has err folder; }
index_refuses_fifo() { mkfifo pipe && dp 69 index pipe && has err pipe; }
index_needs_object() { dp 64 index && says ''; }
index_alias_is_index() {
	ln -sf "$dataplug" dataplug-index
	./dataplug-index few.fastq >out && has out 'few.fastq: ' && ./dataplug-index --help >out && has out 'dataplug index'
}
index_goes_to_meta() {
	cp few.fastq meta.fastq
	dp 0 index meta.fastq --meta folder-of-indexes && [ ! -e meta.fastq.dpx ] &&
		dp 66 show meta.fastq && DATAPLUG_META=folder-of-indexes dp 0 show meta.fastq &&
		dp 0 partition meta.fastq count n=10 --meta=folder-of-indexes
}
refuses_packed() { # NAME PROGRAM
	"$2" -c few.fastq >"few.fastq.$1" && dp 69 index "few.fastq.$1" && has err "few.fastq.$1"
}
test_ok index_builds
test_ok index_says_fresh
test_ok index_is_quiet
test_ok index_takes_several
test_ok index_prints_json
test_ok index_takes_format_and_params
test_ok index_rebuilds_for_another_format
test_ok index_rebuilds_stale
test_ok index_refuses_unknown_format
test_ok index_refuses_broken_fastq
test_ok index_refuses_truncated_gzip
test_ok index_refuses_empty_gz
test_ok index_takes_empty_text
test_ok index_refuses_folder
test_ok index_refuses_fifo
test_ok index_needs_object
test_ok index_alias_is_index
test_ok index_goes_to_meta
for pair in zst:zstd bz2:bzip2 xz:xz; do
	command -v "${pair#*:}" >program || { echo "ok index_refuses_${pair%:*} # skip"; continue; }
	test_ok "index_refuses_${pair%:*}" refuses_packed "${pair%:*}" "${pair#*:}"
done

# ---- show, verify ----
show_is_for_people() { dp 0 show reads.fastq.gz && has out '12000 reads' && has out 'format   fastq'; }
show_prints_units() {
	dp 0 show --units reads.fastq.gz && [ "$(head -1 out | tr '\t' ' ')" = 'id rec nrec off len skip raw state crc' ] &&
		[ "$(awk -F'\t' 'NR > 1 { n += $3 } END { print n }' out)" = 12000 ]
}
show_prints_json() { dp 0 show --json reads.fastq.gz && has out '"records":12000' && has out '"axes":['; }
show_needs_index() { dp 66 show short.fastq && has err 'dataplug index short.fastq'; }
verify_says_ok() { dp 0 verify reads.fastq.gz few.fastq && has out 'reads.fastq.gz: ok, 12000 reads'; }
mates() { # SUFFIX: 500 reads whose names end so
	awk -v s="$1" 'BEGIN { srand(7); for (i = 0; i < 500; i++) printf "@r%d%s\n%s\n+\n%s\n", i, s, substr("ACGTACGTAC", 1, 4 + i % 5), substr("FFFFFFFFFF", 1, 4 + i % 5) }'
}
verify_compares_mates() {
	mates /1 | gzip >m1.fastq.gz && mates ' 2:N:0' | gzip >m2.fastq.gz && mates /2 | sed 's/^@r250/@x250/' | gzip >m3.fastq.gz || return
	dp 0 index m1.fastq.gz m2.fastq.gz m3.fastq.gz && dp 0 verify m1.fastq.gz m2.fastq.gz && has out 'm2.fastq.gz: ok, 500 reads' &&
		dp 65 verify m1.fastq.gz m3.fastq.gz && has err "record 250 is 'r250'" && has err x250
}
set_names_are_compared() {
	dp 0 partition m1.fastq.gz m2.fastq.gz count n=100 -o mates.jsonl && [ "$(wc -l <mates.jsonl)" = 5 ] && dp 0 get mates.jsonl --slice 1 &&
		sed -n '1p;5p' out | cmp - <(printf '@r100/1\n@r100 2:N:0\n') || return
	# The first and the last read of a slice are looked at: record 250 begins the third of 125.
	dp 0 partition m1.fastq.gz m3.fastq.gz count n=125 -o odd.jsonl && dp 0 get odd.jsonl --slice 1 && dp 65 get odd.jsonl --slice 2 && has err x250
}
set_members_are_separated() {
	dp 0 get mates.jsonl -o a.fastq -o b.fastq && cmp a.fastq <(gzip -dc m1.fastq.gz) && cmp b.fastq <(gzip -dc m2.fastq.gz) &&
		dp 0 get mates.jsonl -o 'a-{}.fastq' -o 'b-{}.fastq' && cat a-?.fastq | cmp - <(gzip -dc m1.fastq.gz) && cat b-?.fastq | cmp - <(gzip -dc m2.fastq.gz) &&
		dp 64 get mates.jsonl -o a -o b -o c && [ ! -e c ] && dp 64 get mates.jsonl -o 'a-{}' -o b && dp 64 get s.jsonl -o x -o y &&
		dp 65 get odd.jsonl -o c.fastq -o d.fastq && [ ! -e c.fastq ] && [ ! -e d.fastq ]
}
get_compresses() {
	dp 0 get s.jsonl --bgzip -o all.gz && gzip -dc all.gz | cmp - reads.fastq && bgzip -t all.gz && [ "$(tail -c 28 all.gz | od -An -tx1 | tr -d ' \n')" = \
		1f8b08040000000000ff0600424302001b0003000000000000000000 ] && dp 0 get s.jsonl --bgzip -o 'p-{}.gz' && gzip -dc p-?.gz | cmp - reads.fastq &&
		dp 0 index all.gz && dp 0 get s.jsonl --bgzip && gzip -dc out | cmp - reads.fastq
	head -c 300000 /dev/urandom | base64 -w 0 | fold -w 70000 >hard.txt && dp 0 index hard.txt && dp 0 read hard.txt record=0:9 --bgzip -o hard.gz &&
		gzip -dc hard.gz | cmp - hard.txt && bgzip -t hard.gz
}
snap_reads_less() {
	dp 0 partition reads.fastq.gz chunks n=5 --json -o plain.jsonl && cp out plain && dp 0 partition reads.fastq.gz chunks n=5 snap=yes --json -o snap.jsonl || return
	[ "$(grep -o '"bytes":[0-9]*' out | cut -d: -f2)" -lt "$(grep -o '"bytes":[0-9]*' plain | cut -d: -f2)" ] &&
		[ "$(wc -l <snap.jsonl)" = 5 ] && dp 0 get snap.jsonl && cmp out reads.fastq &&
		dp 0 partition reads.fastq.gz count n=1 snap=yes -o snap.jsonl && dp 0 get snap.jsonl && cmp out reads.fastq
}
verify_finds_stale() { cp few.fastq old.fastq && dp 0 index old.fastq && touch -d '2001-01-01' old.fastq && dp 78 verify old.fastq; }
verify_finds_damage() {
	cp reads.fastq.gz flip.fastq.gz
	touch -d '2001-01-01' flip.fastq.gz
	dp 0 index flip.fastq.gz || return 1
	printf 'dataplug' | dd of=flip.fastq.gz bs=1 seek=200000 conv=notrunc 2>dd.log
	touch -d '2001-01-01' flip.fastq.gz
	dp 65 verify flip.fastq.gz && says 'flip.fastq.gz: '
}
damaged_index_is_data() {
	cp few.fastq hurt.fastq
	dp 0 index hurt.fastq && printf 'x' | dd of=hurt.fastq.dpx bs=1 seek=20 conv=notrunc 2>dd.log && dp 65 show hurt.fastq
}
test_ok show_is_for_people
test_ok show_prints_units
test_ok show_prints_json
test_ok show_needs_index
test_ok verify_says_ok
test_ok verify_finds_stale
test_ok verify_finds_damage
test_ok verify_compares_mates
test_ok damaged_index_is_data

# ---- partition ----
partition_prints_tokens() {
	dp 0 partition reads.fastq.gz chunks n=7 && [ "$(wc -l <out)" = 7 ] && has err '7 slices, ' && [ "$(wc -l <err)" = 1 ]
}
partition_writes_file() { dp 0 partition reads.fastq.gz chunks n=7 -o s.jsonl && [ ! -s out ] && [ "$(wc -l <s.jsonl)" = 7 ]; }
partition_prints_json_price() {
	dp 0 partition reads.fastq.gz chunks n=7 -o s.jsonl --json && has out '{"slices":7,"requests":' && [ ! -s err ]
}
partition_keeps_json_off_tokens() {
	dp 0 partition --json reads.fastq.gz chunks n=7 && cmp out s.jsonl && has err '{"slices":7,"requests":'
}
partition_needs_index() { dp 66 partition short.fastq count && says 'short.fastq: ' && has err 'dataplug index short.fastq'; }
partition_needs_object() { dp 66 partition none.fastq count && says 'none.fastq: '; }
partition_refuses_folder() { mkdir -p folder && dp 69 partition folder count && says 'folder: is a folder'; }
partition_refuses_fifo() { rm -f pipe && mkfifo pipe && dp 69 partition pipe count && says 'pipe: is a named pipe'; }
partition_needs_strategy() { dp 64 partition reads.fastq.gz n=7 && says 'usage: '; }
partition_refuses_another_format() {
	dp 69 partition reads.fastq.gz chunks n=2 --format lines && says 'reads.fastq.gz: is indexed as fastq, not lines' &&
		dp 0 partition reads.fastq.gz chunks n=2 --format fastq
}
partition_says_how_many_slices_may_be() { dp 64 partition reads.fastq.gz chunks n=1048577 && has err 'from 1 to 1048576 slices'; }
partition_names_near_strategy() { dp 64 partition reads.fastq.gz chunk n=7 && has err 'did you mean chunks'; }
partition_names_near_parameter() { dp 64 partition reads.fastq.gz count restt=keep && has err 'did you mean rest'; }
partition_takes_words_with_equals() { cp few.fastq a=1.fastq && dp 0 index a=1.fastq && dp 0 partition a=1.fastq count n=50; }
partition_refuses_unequal_sets() { dp 65 partition reads.fastq.gz few.fastq chunks n=2 && says 'few.fastq: '; }
partition_cuts_sets() { dp 0 partition reads.fastq.gz mates.fastq.gz chunks n=3 -o set.jsonl && [ "$(wc -l <set.jsonl)" = 3 ]; }
partition_auto_predicts() {
	dp 0 partition reads.fastq.gz auto -o auto.jsonl && [ "$(wc -l <auto.jsonl)" = 1 ] && [ ! -s out ] && has err '1 slice, ' &&
		has err 'auto: predicted, not measured, with profile lambda-s3 of 2026-11' && has err '  cost ' && has err '  memory '
}
partition_auto_takes_a_number() {
	dp 0 partition reads.fastq.gz auto n=7 -o auto.jsonl && has err '7 slices of ' && has err 'as given' && cmp auto.jsonl s.jsonl
}
partition_auto_prints_json() {
	dp 0 partition reads.fastq.gz auto n=7 --json -o auto.jsonl && has out '{"slices":7,"requests":' && [ "$(wc -l <err)" = 1 ] &&
		python3 -c 'import json, sys; a = json.load(sys.stdin)["auto"]; assert a["slices"] == 7 and a["slices_by"] == "given"' <err
}
partition_auto_is_quiet() { dp 0 partition -q reads.fastq.gz auto -o auto.jsonl && [ ! -s err ]; }
partition_auto_lists_goals() { dp 64 partition reads.fastq.gz auto goal=speed && has err 'not one of balanced|time|cost'; }
partition_auto_lists_profiles() { dp 64 partition reads.fastq.gz auto profile=moon && has err 'not one of lambda-s3|local'; }
partition_auto_names_the_limit() { dp 69 partition reads.fastq.gz auto memory=100M && says 'reads.fastq.gz: ' && has err ' MiB of memory'; }
partition_auto_cuts_sets() {
	dp 0 partition reads.fastq.gz mates.fastq.gz auto profile=local workers=3 rate=1K -o auto.jsonl && [ "$(wc -l <auto.jsonl)" = 3 ]
}
test_ok partition_prints_tokens
test_ok partition_writes_file
test_ok partition_prints_json_price
test_ok partition_keeps_json_off_tokens
test_ok partition_needs_index
test_ok partition_needs_object
test_ok partition_refuses_folder
test_ok partition_refuses_fifo
test_ok partition_says_how_many_slices_may_be
test_ok partition_refuses_another_format
test_ok partition_needs_strategy
test_ok partition_names_near_strategy
test_ok partition_names_near_parameter
test_ok partition_takes_words_with_equals
test_ok partition_refuses_unequal_sets
test_ok partition_cuts_sets
for name in predicts takes_a_number prints_json is_quiet lists_goals lists_profiles names_the_limit cuts_sets; do
	test_ok partition_auto_$name
done

# ---- whole folders ----
folder_indexes_all() {
	mkdir -p data/run2 && reads 50 >data/a.fastq && reads 150 | gzip >data/run2/b.fastq.gz || return
	: >data/none.fastq && { printf '\177' && head -c 500 /dev/urandom; } >data/noise || return
	dp 0 index data --recursive && [ "$(wc -l <out)" = 3 ] && has err 'noise: skipped'
}
folder_is_cut_as_one() {
	dp 0 partition data chunks n=8 --recursive -o data.jsonl && [ "$(wc -l <data.jsonl)" = 8 ] &&
		has err 'noise: skipped' && has err 'none.fastq: has no records' &&
		dp 0 get data.jsonl && cmp out <(cat data/a.fastq <(gzip -dc data/run2/b.fastq.gz))
}
folder_gives_each_object_a_slice() { dp 0 partition data chunks n=1 --recursive && [ "$(wc -l <out)" = 2 ]; }
# 200 reads: at 1 KiB/s their work is all, so each of 8 workers has a slice.
folder_is_chosen_for_as_one() {
	dp 0 partition data auto profile=local workers=8 rate=1K --recursive -o auto.jsonl && cmp auto.jsonl data.jsonl &&
		has err '8 slices of ' && has err 'as many for each worker'
}
folder_strict_refuses() { dp 66 partition data chunks n=8 --recursive --strict && has err noise; }
folder_must_be_there() { dp 66 index nowhere --recursive && says 'nowhere: '; }
for name in folder_indexes_all folder_is_cut_as_one folder_gives_each_object_a_slice folder_is_chosen_for_as_one \
	folder_strict_refuses folder_must_be_there; do
	test_ok $name
done

# ---- get, read ----
# Chunk i of 7 of 12000 reads begins with read 12000 * i / 7, rounded as it may be: the tokens say where.
first_of() { sed -n "$(($1 + 1))p" s.jsonl | sed 's/.*"rec":\[\([0-9]*\),.*/\1/'; }
lines_of() { sed -n "$((4 * $(first_of "$1") + 1)),$((4 * $2))p" reads.fastq; }
get_gives_the_file() { dp 0 get s.jsonl && cmp out reads.fastq; }
get_reads_stdin() { dp 0 get - <s.jsonl && cmp out reads.fastq; }
get_takes_a_slice() { dp 0 get s.jsonl --slice 2 && lines_of 2 "$(first_of 3)" | cmp - out; }
get_takes_both_ends() { dp 0 get --slice 2..3 s.jsonl && lines_of 2 "$(first_of 4)" | cmp - out; }
get_takes_raw() { dp 0 get s.jsonl --raw --slice=6 && lines_of 6 12000 | cmp - out; }
get_writes_a_file() { dp 0 get s.jsonl -o whole.fastq && [ ! -s out ] && cmp whole.fastq reads.fastq; }
get_writes_files() {
	dp 0 get s.jsonl --slice 1..3 -o 'part-{}.fastq' && [ ! -e part-0.fastq ] && [ ! -e part-4.fastq ] &&
		cat part-1.fastq part-2.fastq part-3.fastq >joined && lines_of 1 "$(first_of 4)" | cmp - joined
}
get_joins_records() {
	printf 'a\nb' >one.txt
	printf 'c\nd\n' >two.txt
	dp 0 index --format lines one.txt two.txt && dp 0 partition one.txt count && cp out lines.jsonl &&
		dp 0 partition two.txt count && cat out >>lines.jsonl && dp 0 get lines.jsonl && [ "$(cat out)" = $'a\nb\nc\nd' ]
}
get_counts_slices() {
	for slice in 7 -1 3..1 0..7 '' x 1.. ..1; do
		dp 64 get s.jsonl --slice "$slice" && says 's.jsonl: ' || return 1
	done
}
get_auto() { # SLICE VARIABLE=VALUE...
	local slice=$1 got=0
	shift
	env "$@" "$dataplug" get s.jsonl --slice auto >out 2>err || got=$?
	if [ "$slice" = 64 ]; then
		[ $got = 64 ] || { echo "$*: $got, not 64"; return 1; }
	else
		"$dataplug" get s.jsonl --slice "$slice" | cmp - out
	fi
}
get_auto_counts_as_the_scheduler() {
	get_auto 2 SLURM_ARRAY_TASK_ID=2 && get_auto 0 AWS_BATCH_JOB_ARRAY_INDEX=0 && get_auto 3 PBS_ARRAY_INDEX=3 &&
		get_auto 0 SGE_TASK_ID=1 && get_auto 4 LSB_JOBINDEX=5 && get_auto 4 SGE_TASK_ID=undefined LSB_JOBINDEX=5 &&
		get_auto 1 LSB_JOBINDEX=0 SLURM_ARRAY_TASK_ID=1
}
get_auto_takes_groups() {
	SLURM_ARRAY_TASK_ID=1 dp 0 get s.jsonl --slice auto --group 3 && cp out group && dp 0 get s.jsonl --slice 3..5 && cmp out group || return
	SLURM_ARRAY_TASK_ID=0 dp 0 get s.jsonl --slice auto --group 4 --offset 1 && cp out group && dp 0 get s.jsonl --slice 4..6 && cmp out group &&
		SLURM_ARRAY_TASK_ID=2 dp 64 get s.jsonl --slice auto --group 4 && dp 64 get s.jsonl --slice 1 --group 2 &&
		SLURM_ARRAY_TASK_ID=0 dp 64 get s.jsonl --slice auto --group 0 && SLURM_ARRAY_TASK_ID=0 dp 64 get s.jsonl --slice auto --offset -1
}
get_auto_refuses() {
	get_auto 64 A=b && get_auto 64 SLURM_ARRAY_TASK_ID=7 && get_auto 64 SGE_TASK_ID=0 && get_auto 64 LSB_JOBINDEX=0 &&
		get_auto 64 SLURM_ARRAY_TASK_ID=1 SGE_TASK_ID=2 && get_auto 64 PBS_ARRAY_INDEX=-1
}
get_refuses_damaged_token() {
	sed '3s/"memory":/"memory":1/' s.jsonl >bad.jsonl
	cp few.fastq kept && dp 65 get bad.jsonl -o kept && has err 'bad.jsonl: slice 2: ' && cmp kept few.fastq
}
get_refuses_stale() {
	cp few.fastq moves.fastq
	dp 0 index moves.fastq && dp 0 partition moves.fastq count -o moves.jsonl && touch -d '2001-01-01' moves.fastq &&
		dp 78 get moves.jsonl -o never && says 'file://' && [ ! -e never ]
}
get_needs_tokens() { dp 66 get none.jsonl && says 'none.jsonl: '; }
get_full_disk() { dp 73 get s.jsonl -o /dev/full && says 'cannot write' && "$dataplug" get s.jsonl >/dev/full 2>err; [ $? = 73 ]; }
get_no_folder() { dp 73 get s.jsonl -o no/such/file && says 'cannot write'; }
get_closed_pipe() {
	"$dataplug" get s.jsonl 2>err | head -1 >out
	local codes="${PIPESTATUS[*]}"
	[ "$codes" = '0 0' ] && [ ! -s err ] && [ "$(cat out)" = '@read0/1' ]
}
read_takes_records() { dp 0 read reads.fastq.gz record=5000:5010 && sed -n 20001,20040p reads.fastq | cmp - out; }
read_takes_all() { dp 0 read reads.fastq.gz -o all.fastq && cmp all.fastq reads.fastq; }
read_needs_index() { dp 66 read short.fastq record=1:2 && has err 'dataplug index short.fastq'; }
for name in get_gives_the_file get_reads_stdin get_takes_a_slice get_takes_both_ends get_takes_raw get_writes_a_file \
	get_writes_files get_joins_records get_counts_slices get_auto_counts_as_the_scheduler get_auto_takes_groups get_auto_refuses \
	get_refuses_damaged_token get_refuses_stale get_needs_tokens get_full_disk get_no_folder get_closed_pipe \
	read_takes_records read_takes_all read_needs_index; do
	test_ok $name
done

# ---- map ----
# column NAME: of the table in out, the value on the line of the total.
column() {
	awk -F'\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
		$1 == "total" { print $c }' out
}
# gzip's trailer holds the CRC-32, least byte first.
crc_of() { gzip -c "$1" | tail -c 8 | head -c 4 | od -An -tx1 | awk '{ print $4 $3 $2 $1 }'; }
map_counts() { dp 0 map s.jsonl count && [ "$(wc -l <out)" = 9 ] && [ "$(column records)" = 12000 ]; }
map_prints_a_head_line() {
	dp 0 map s.jsonl count -j 1 && [ "$(head -1 out)" = $'slice\tcode\tattempts\trequests\tbytes\tseconds\trecords\tmessage' ] &&
		[ "$(tail -1 out | cut -f1,2)" = $'total\tDP_OK' ]
}
map_checksums() {
	dp 0 map s.jsonl checksum -j 2 && [ "$(column crc32)" = "$(crc_of reads.fastq)" ] &&
		[ "$(column result.bytes)" = "$(wc -c <reads.fastq)" ]
}
map_reads_statistics() {
	dp 0 map s.jsonl fastq-stats && [ "$(column reads)" = 12000 ] &&
		[ "$(column bases)" = "$(awk 'NR % 4 == 2 { n += length($0) } END { print n }' reads.fastq)" ]
}
map_prints_json() {
	dp 0 map s.jsonl count --json && [ "$(wc -l <out)" = 8 ] &&
		has out '{"slice":null,"code":"DP_OK","message":null,"data":{"records":12000},"attempts":7,'
}
map_pays_the_price() {
	dp 0 map s.jsonl count && paid=$(column requests):$(column bytes) &&
		dp 0 partition reads.fastq.gz chunks n=7 -o s.jsonl --json && has out "\"requests\":${paid%:*},\"bytes\":${paid#*:},"
}
map_goes_on_after_a_bad_token() {
	dp 1 map bad.jsonl count --failed failed.jsonl && has err 'bad.jsonl: slice 2: ' && has out DP_EFORMAT &&
		[ "$(grep -c DP_OK out)" = 7 ] && sed -n 3p bad.jsonl | cmp - failed.jsonl
}
map_tells_all_failed() { dp 1 map moves.jsonl count && has out $'0\tDP_ESTALE' && ! grep -q total out; }
map_writes_no_failures() { dp 0 map s.jsonl count --failed failed.jsonl && [ -e failed.jsonl ] && [ ! -s failed.jsonl ]; }
map_names_near_task() { dp 64 map s.jsonl cuont && has err 'did you mean count'; }
map_refuses_parameter() { dp 64 map s.jsonl count x=1 && [ ! -s out ]; }
map_refuses_jobs() { dp 64 map s.jsonl count -j many; }
map_needs_library() { dp 66 map s.jsonl count --lib ./none.so && has err none.so; }
map_maps_sets() { dp 0 map set.jsonl count && [ "$(wc -l <out)" = 5 ]; }
map_full_disk() { "$dataplug" map s.jsonl count >/dev/full 2>err; [ $? = 73 ] && says 'cannot write'; }
map_works_in_another_process() {
	DATAPLUG_ALLOW=file:/// dp 0 map s.jsonl checksum --executor "$dataplug work -j 2" && [ "$(column crc32)" = "$(crc_of reads.fastq)" ]
}
map_names_a_missing_executor() { dp 66 map s.jsonl count --executor 'no-such-program x' && has err no-such-program; }
work_answers_each_line() {
	DATAPLUG_ALLOW=file:/// "$dataplug" work count <s.jsonl >out 2>err && [ "$(wc -l <out)" = "$(wc -l <s.jsonl)" ] &&
		[ "$(grep -c '"code":"DP_OK"' out)" = "$(wc -l <s.jsonl)" ] && [ ! -s err ]
}
work_refuses_files() { "$dataplug" work count <s.jsonl >out 2>err && [ "$(grep -c DP_EAUTH out)" = "$(wc -l <s.jsonl)" ]; }
work_goes_on_after_a_bad_token() { DATAPLUG_ALLOW=file:/// "$dataplug" work count <bad.jsonl >out 2>err && has out DP_EFORMAT && has out DP_OK; }
work_names_near_task() { dp 64 work cuont </dev/null && has err 'did you mean count'; }
work_refuses_parameter() { dp 64 work count x=1 </dev/null; }
work_ends_with_its_input() { dp 0 work count </dev/null && [ ! -s out ]; }
for name in get_compresses set_names_are_compared set_members_are_separated snap_reads_less map_counts map_prints_a_head_line map_checksums map_reads_statistics map_prints_json map_pays_the_price \
	map_goes_on_after_a_bad_token map_tells_all_failed map_writes_no_failures map_names_near_task map_refuses_parameter \
	map_refuses_jobs map_needs_library map_maps_sets map_full_disk map_works_in_another_process map_names_a_missing_executor work_answers_each_line work_refuses_files \
	work_goes_on_after_a_bad_token work_names_near_task work_refuses_parameter work_ends_with_its_input; do
	test_ok $name
done

# ---- export, import ----
cp reads.fastq.gz points.fastq.gz
export_names_what_went_in() {
	dp 0 index points.fastq.gz -q && dp 0 export points.fastq.gz -o points.gzi && [ ! -s out ] && [ -s points.gzi ] &&
		grep -q '^gztool, points of [0-9]* of [0-9]* units$' err && dp 0 export points.fastq.gz -q -o points.gzi && [ ! -s err ]
}
export_takes_the_kind_of_the_name() {
	dp 0 export points.fastq.gz -o points.gzidx && [ "$(head -c 5 points.gzidx)" = GZIDX ] && has err indexed-gzip &&
		dp 0 export points.fastq.gz -o points.gzidx --as gztool-lines && [ "$(tail -c +9 points.gzidx | head -c 8)" = gzipindX ]
}
export_prints_json() {
	dp 0 export points.fastq.gz -o points.gzi --json && has out '{"object":"points.fastq.gz","as":"gztool","points":' &&
		dp 0 export points.fastq.gz --as gztool --json && cmp out points.gzi && has err '"units":'
}
export_needs_a_kind() { dp 64 export points.fastq.gz -o points.idx && has err 'needs --as' && dp 64 export points.fastq.gz --as bgzip; }
export_needs_gzip() { echo kept >kept.gzi && dp 0 index few.fastq -q && dp 69 export few.fastq -o kept.gzi && says 'few.fastq: ' && has kept.gzi kept; }
export_needs_index() { cp few.fastq new.fastq && dp 66 export new.fastq --as gztool && has err 'make one with'; }
export_full_disk() { dp 73 export points.fastq.gz --as gztool -o /dev/full && says 'points.fastq.gz: cannot write'; }
import_builds_anew() {
	dp 0 export points.fastq.gz -q -o points.gzi && dp 0 index points.fastq.gz --import points.gzi --json && has out '"built":true' &&
		dp 0 verify points.fastq.gz && dp 0 index points.fastq.gz && has out 'fresh index'
}
import_refuses_damage() {
	head -c 100 points.gzi >cut.gzi && dp 65 index points.fastq.gz --import cut.gzi && says 'points.fastq.gz: the imported index is cut off' &&
		dp 65 index mates.fastq.gz --import reads.fastq.gz && dp 66 index points.fastq.gz --import none.gzi && has err none.gzi
}
import_needs_gzip() { dp 69 index few.fastq --import points.gzi && has err 'few.fastq: is no gzip'; }
import_is_of_one_object() { dp 64 index points.fastq.gz few.fastq --import points.gzi; }
for name in export_names_what_went_in export_takes_the_kind_of_the_name export_prints_json export_needs_a_kind export_needs_gzip \
	export_needs_index export_full_disk import_builds_anew import_refuses_damage import_needs_gzip import_is_of_one_object; do
	test_ok $name $name
done

# ---- the rest ----
rm_keeps_the_object() { cp few.fastq gone.fastq && dp 0 index gone.fastq && dp 0 rm gone.fastq && has out 'gone.fastq stays' &&
	[ -e gone.fastq ] && [ ! -e gone.fastq.dpx ]; }
rm_needs_index() { dp 66 rm gone.fastq && says 'gone.fastq: '; }
lists_all() {
	dp 0 formats && has out fastq && has out lines && dp 0 strategies && has out chunks && has out box &&
		dp 0 tasks && has out checksum && has out fastq-stats
}
lists_parameters() {
	dp 0 formats fastq && has out span && dp 0 strategies chunks && has out 'n=' && dp 0 tasks count &&
		dp 64 formats fastqq && has err 'did you mean fastq' && dp 64 strategies x && dp 64 tasks cont
}
helps() {
	dp 0 help && dp 0 --help && dp 0 help map && cp out one && dp 0 map --help && cmp one out && dp 0 help settings &&
		has out 'meta=' && dp 64 help mapp && has err 'did you mean map'
}
tells_its_version() { dp 0 --version && [ "$(cat out)" = 'dataplug 0.1.0' ]; }
needs_a_command() { dp 64 && has err 'usage: dataplug' && dp 64 idnex x && has err 'did you mean index'; }
names_near_options() { dp 64 index --fromat lines few.fastq && has err 'did you mean format'; }
refuses_options_of_others() { dp 64 index --raw few.fastq && dp 64 index few.fastq --format && dp 64 index --force=yes few.fastq; }
takes_options_anywhere() {
	dp 0 --json index few.fastq && dp 0 index -- few.fastq && cp few.fastq ./-dash.fastq && dp 0 index -- -dash.fastq &&
		dp 0 index ./-dash.fastq
}
takes_settings() { dp 0 index few.fastq --set memory=16M && dp 64 index few.fastq --set memroy=16M; }
times_out() {
	mkfifo slow 2>mkfifo.log
	sleep 20 >slow &
	local sleeper=$!
	dp 75 get - --timeout 0.2 <slow && says 'stdin: '
	local code=$?
	kill $sleeper
	return $code
}
times_out_by_environment() { dp 64 formats --timeout soon && DATAPLUG_TIMEOUT=x dp 64 formats && DATAPLUG_TIMEOUT=60 dp 0 formats; }
# The time is over before the first object is looked at: what was not done is said, and is no success.
stops_before_it_begins() {
	cp few.fastq kept.fastq && dp 0 index kept.fastq || return 1
	for name in index verify rm; do
		dp 75 $name kept.fastq few.fastq --timeout 0.000001 && says 'kept.fastq: not done' && [ ! -s out ] || return 1
	done
	[ -e kept.fastq.dpx ]
}
work_says_that_it_was_stopped() { dp 75 work count --timeout 0.000001 <s.jsonl && has err 'not done within the timeout'; }
is_cancelled() {
	mkfifo slower 2>mkfifo.log
	sleep 20 >slower &
	local sleeper=$! code=0
	timeout --preserve-status -s "$1" 0.3 "$dataplug" get - -o cancelled <slower 2>err || code=$?
	kill $sleeper
	rm -f slower
	[ $code = 130 ] && says 'stdin: cancelled' && [ ! -e cancelled ]
}
cancel_leaves_the_old_index() {
	cat reads.fastq reads.fastq reads.fastq reads.fastq reads.fastq reads.fastq reads.fastq reads.fastq >long.fastq
	dp 0 index long.fastq || return 1
	cp long.fastq.dpx old.dpx
	timeout --preserve-status -s INT 0.05 "$dataplug" index --force long.fastq >out 2>err
	local code=$?
	# A fast machine may be done before the signal comes.
	{ [ $code = 130 ] || [ $code = 0 ]; } && cmp old.dpx long.fastq.dpx && [ "$(find . -name '.*.dpx*' -o -name '.dataplug.*' | wc -l)" = 0 ]
}
has_no_bar_without_a_terminal() { dp 0 index --force reads.fastq.gz && [ ! -s err ]; }
for name in rm_keeps_the_object rm_needs_index lists_all lists_parameters helps tells_its_version needs_a_command \
	names_near_options refuses_options_of_others takes_options_anywhere takes_settings times_out \
	times_out_by_environment stops_before_it_begins work_says_that_it_was_stopped cancel_leaves_the_old_index has_no_bar_without_a_terminal; do
	test_ok $name
done
test_ok interrupt_cancels is_cancelled INT
test_ok termination_cancels is_cancelled TERM

conclude

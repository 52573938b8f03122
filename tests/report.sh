#!/usr/bin/env bash
# report.sh - the page that --report writes: its data against the job's own numbers, and what headless Chromium makes
# of it: report.sh [DATAPLUG]
set -u
# shellcheck source=tests/support/command.sh
. "$(dirname "$0")/support/command.sh"
find_dataplug "$@"
source_dir=$(cd "$(dirname "$0")/.." && pwd)
look=$source_dir/tests/support/report_data.py
begin
export LC_ALL=C.UTF-8

# Three files cut as one: of the second, which changes after that, no slice can be read; one token is damaged.
prepare() {
	mkdir -p run
	reads 9000 '@<r%d>' >reads.fastq
	gzip -6 <reads.fastq >run/a.fastq.gz
	head -n 12000 reads.fastq >run/b.fastq
	head -n 8000 reads.fastq | gzip -6 >'run/<c>.fastq.gz'
	"$dataplug" index run --recursive -q -p span=64K &&
		"$dataplug" partition run chunks n=14 --recursive -o s.jsonl --report plan.html --json >price.json &&
		sed -i '1s/"memory":/"memory":1/' s.jsonl && touch -d 2001-01-01 run/b.fastq || return
	"$dataplug" map s.jsonl fastq-stats -j 3 --json --report job.html >job.jsonl 2>job.err
	[ $? = 1 ]
}
prepare || {
	echo "not ok makes_reports"
	exit 1
}

# ---- the data ----
gives_the_same_bytes() {
	dp 0 partition run/a.fastq.gz chunks n=5 -o five.jsonl --report one.html && cp five.jsonl before &&
		dp 0 partition run/a.fastq.gz chunks n=5 -o five.jsonl --report two.html && cmp one.html two.html &&
		cmp five.jsonl before
}
page_is_assembled_alike() {
	"$source_dir/report/assemble.py" page.html one-page.html && "$source_dir/report/assemble.py" page.html two-page.html &&
		cmp one-page.html two-page.html && [ "$(grep -o '@DATAPLUG_REPORT@' one-page.html | wc -l)" = 1 ]
}

# ---- the file ----
needs_a_file() { dp 64 map five.jsonl count --report - && [ ! -s out ]; }
tells_early_that_it_cannot_write() {
	dp 73 map five.jsonl count --report no/such/job.html && [ ! -s out ] &&
		dp 73 partition run/a.fastq.gz chunks n=2 --report no/such/plan.html && [ ! -s out ]
}
is_whole_or_not_there() {
	echo old >kept.html
	dp 73 map five.jsonl count --report /dev/full && dp 64 map five.jsonl cuont --report kept.html &&
		[ "$(cat kept.html)" = old ] && [ -z "$(find . -name '.dataplug.*')" ]
}
is_written_of_sets() {
	cp run/a.fastq.gz mates.fastq.gz
	dp 0 index -q mates.fastq.gz && dp 0 partition run/a.fastq.gz mates.fastq.gz chunks n=3 -o set.jsonl --report set.html &&
		dp 0 map set.jsonl count --report set-job.html && "$look" is_of_sets
}
is_written_of_nothing() {
	: >empty.jsonl
	printf 'x\ny\n' >bad.jsonl
	dp 0 map empty.jsonl count --report empty.html && dp 1 map bad.jsonl count --report bad.html && "$look" is_of_nothing
}
for name in columns_have_one_length tasks_are_those_of_the_job sums_are_those_of_the_total times_of_a_task_fit \
	spans_are_what_was_read a_plan_is_what_is_read_then a_plan_has_its_price objects_are_those_of_the_index \
	failures_have_their_tokens has_no_address_to_load_from; do
	test_ok $name "$look" $name
done
for name in gives_the_same_bytes page_is_assembled_alike needs_a_file tells_early_that_it_cannot_write \
	is_whole_or_not_there is_written_of_sets is_written_of_nothing; do
	test_ok $name
done

# ---- the browser ----
if ! command -v chromium >chromium.path; then
	echo "# chromium is not installed"
	[ $failed = 0 ] && exit 77
	exit 1
fi

# browse WORD...: with a profile of its own; its console is in console.
browse() {
	rm -rf profile
	timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync --user-data-dir="$dir/profile" \
		--hide-scrollbars --window-size=1240,2400 --enable-logging=stderr "$@" 2>console
}
# dom PAGE: what the page made of itself goes to PAGE.dom; it must not have complained.
dom() {
	browse --dump-dom "file://$dir/$1" >"$1.dom"
	! grep CONSOLE console && grep -q '<html [^>]*data-errors="0"' "$1.dom" && grep -q '<html [^>]*data-drawn="' "$1.dom"
}
# All reports that were made, of sets, of nothing, of failures alone.
draws_without_complaint() {
	local page
	for page in job.html plan.html set.html set-job.html empty.html bad.html; do
		dom $page || { echo "$page:"; cat console; head -c 600 $page.dom; return 1; }
	done
}
# Both are pictures of something, and not of the same.
is_light_and_dark() {
	browse --blink-settings=preferredColorScheme=1 --screenshot="$dir/light.png" "file://$dir/job.html" >shot.log &&
		browse --blink-settings=preferredColorScheme=0 --screenshot="$dir/dark.png" "file://$dir/job.html" >shot.log &&
		[ "$(wc -c <light.png)" -gt 50000 ] && [ "$(wc -c <dark.png)" -gt 50000 ] && ! cmp -s light.png dark.png
}
draws_ten_thousand_tasks() {
	"$source_dir/benchmarks/report" --tasks 10000 --write many.html && [ "$(wc -c <many.html)" -lt 3000000 ] &&
		dom many.html || return
	local drawn
	drawn=$(grep -o 'data-drawn="[0-9]*' many.html.dom | tr -dc 0-9)
	echo "drawn after $drawn ms"
	[ "$drawn" -lt 3000 ]
}
tells_of_data_that_it_cannot_show() {
	sed 's/^\(.*id="data">\){"v":1/\1{"v":2/' job.html >other.html && ! dom other.html && grep -q 'cannot be shown' other.html.dom
}
test_ok draws_without_complaint
for name in shows_the_jobs_numbers shows_the_plans_numbers shows_failures takes_data_as_text; do
	test_ok $name "$look" $name
done
for name in is_light_and_dark draws_ten_thousand_tasks tells_of_data_that_it_cannot_show; do
	test_ok $name
done
conclude

#!/usr/bin/env bash
# s3.sh - the command line on a real S3 server, beside which with-s3 runs it: s3.sh [DATAPLUG]
set -u
# shellcheck source=tests/support/command.sh
. "$(dirname "$0")/support/command.sh"
find_dataplug "$@"
server=$(cd "$(dirname "$0")/../scripts" && pwd)/s3-server
: "${DATAPLUG_TEST_S3:?with-s3 sets it}"
need s3cmd
begin
export AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL_S3=$DATAPLUG_TEST_S3
export AWS_ACCESS_KEY_ID=$DATAPLUG_TEST_S3_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$DATAPLUG_TEST_S3_SECRET_KEY

# The number that stands behind a name in the JSON of file err or out.
number() {
	grep -o "\"$1\":[0-9]*" "$2" | head -n 1 | cut -d: -f2
}

prepare() {
	reads 60000 >reads.fastq
	gzip -6 <reads.fastq >reads.fastq.gz
	head -n 4000 reads.fastq | gzip >small.fastq.gz
	: >empty.fastq
	printf '\x89PNG\r\n\x1a\n' >picture.png
	s3 mb s3://data && s3 put reads.fastq.gz s3://data/reads.fastq.gz &&
		s3 put reads.fastq.gz 's3://data/a%20b c+d.fastq.gz' &&
		s3 put reads.fastq.gz s3://data/run/b.fastq.gz && s3 put small.fastq.gz s3://data/run/c.fastq.gz &&
		s3 put empty.fastq s3://data/run/d.fastq && s3 put picture.png s3://data/run/e.png
}
prepare >prepare.out 2>&1 || {
	sed 's/^/# /' prepare.out
	echo "not ok the objects are there"
	exit 1
}

reads=s3://data/reads.fastq.gz
indexes() { dp 0 index $reads -p span=64K --stats && grep -q '60000 reads' out && grep -q 'GETs' err; }
gives_the_same_records() { dp 0 partition $reads chunks n=5 -o s.jsonl && dp 0 get s.jsonl && cmp out reads.fastq; }
reads_from_the_middle() {
	dp 0 read $reads record=10000:10010 && cmp out <(sed -n 40001,40040p reads.fastq)
}
takes_raw_keys() {
	dp 0 index 's3://data/a%20b c+d.fastq.gz' && dp 0 read 's3://data/a%20b c+d.fastq.gz' record=7:8 &&
		cmp out <(sed -n 29,32p reads.fastq) && dp 66 index 's3://data/a b c+d.fastq.gz'
}
pays_its_price() {
	dp 0 partition $reads chunks n=7 -o s.jsonl --json || return
	local requests bytes
	requests=$(number requests out) bytes=$(number bytes out)
	dp 0 map s.jsonl count --json --stats || return
	[ "$(number gets err)" = "$requests" ] && [ "$(number fetched err)" = "$bytes" ] && [ "$(number retries err)" = 0 ]
}
opening_costs_one_look() { dp 0 show $reads --json --stats && [ "$(number gets err)" -le 2 ]; }
asks_for_the_bucket_of_indexes() {
	dp 73 index $reads --meta s3://indexes && [ "$(wc -l <err)" = 1 ] && grep -q -e '--create-meta' err
}
makes_the_bucket_of_indexes() {
	dp 0 index $reads --meta s3://indexes --create-meta && s3 ls -r s3://indexes | grep -q 'reads.fastq.gz.dpx'
}
opens_an_index_in_a_bucket() {
	dp 0 show $reads --meta s3://indexes --json --stats || return
	# The index and a look at the object.
	[ "$(number gets err)" = 2 ] && [ "$(number records out)" = 60000 ]
}
reads_rows_by_reference() {
	dp 0 partition $reads chunks n=5000 --meta s3://indexes -o ref.jsonl --json || return
	grep -q '"rows":\[' ref.jsonl && dp 0 get ref.jsonl --slice 4321 --stats && cmp out <(sed -n 207409,207456p reads.fastq) &&
		grep -q '^stats: 2 GETs, 0 retries' err
}
shares_indexes_over_http() {
	s3 setacl -r --acl-public s3://indexes || return
	dp 0 show $reads --meta "$DATAPLUG_TEST_S3/indexes" && grep -q 60000 out &&
		dp 73 index $reads --force --meta "$DATAPLUG_TEST_S3/indexes" && [ "$(wc -l <err)" = 1 ]
}
tokens_hold_no_secret() {
	! grep -e SECRET -e AKIA s.jsonl ref.jsonl && ! grep -ra -e SECRETTEST -e AKIATEST cache
}
tokens_work_elsewhere() {
	s3 setacl --acl-grant=read:other $reads || return
	local home=("PATH=$PATH" "HOME=$dir/elsewhere" AWS_EC2_METADATA_DISABLED=true)
	local keys=(AWS_ACCESS_KEY_ID=AKIAOTHER AWS_SECRET_ACCESS_KEY=SECRETOTHER)
	env -i "${home[@]}" "${keys[@]}" "AWS_ENDPOINT_URL=$DATAPLUG_TEST_S3" "$dataplug" get s.jsonl >out && cmp out reads.fastq || return
	# Keys go only where the worker's own environment says.
	local code=0
	env -i "${home[@]}" "${keys[@]}" "$dataplug" get s.jsonl >out 2>err || code=$?
	[ $code = 77 ] && grep -q 'credentials are not sent' err
}
wrong_password_is_told() {
	AWS_SECRET_ACCESS_KEY=wrong dp 77 index s3://data/run/b.fastq.gz && [ "$(wc -l <err)" = 1 ] && ! grep -q wrong err
}
others_objects_are_denied() {
	AWS_ACCESS_KEY_ID=AKIAOTHER AWS_SECRET_ACCESS_KEY=SECRETOTHER dp 77 index s3://data/run/b.fastq.gz
}
anonymous_needs_no_keys() {
	s3 setacl --acl-public s3://data/run/c.fastq.gz &&
		env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY AWS_NO_SIGN_REQUEST=YES "$dataplug" index s3://data/run/c.fastq.gz
}
says_what_is_missing() {
	dp 66 index s3://data/none && [ "$(wc -l <err)" = 1 ] && dp 66 index s3://nobucket/x && dp 66 partition s3://data/run/b.fastq.gz chunks n=2
}
indexes_a_prefix() {
	dp 0 index s3://data/run/ --recursive -j 2 && grep -q 'e.png.*skipped' err && dp 69 index s3://data/run/ --recursive --strict
}
cuts_a_prefix() {
	dp 0 partition s3://data/run/ chunks n=10 --recursive -o p.jsonl && [ "$(wc -l <p.jsonl)" = 10 ] && grep -q 'd.fastq.*no records' err &&
		grep -q 'e.png.*skipped' err && dp 0 get p.jsonl && cmp out <(cat reads.fastq <(gzip -dc small.fastq.gz))
}
log_shows_requests_but_no_secret() {
	DATAPLUG_LOG=debug dp 0 index s3://data/run/b.fastq.gz --force && grep -q 'GET .*run/b.fastq.gz' err &&
		! grep -e SECRETTEST -e Signature= -e AWS4-HMAC err
}
notices_a_change() {
	dp 0 index s3://data/run/b.fastq.gz && dp 0 partition s3://data/run/b.fastq.gz chunks n=2 -o o.jsonl &&
		s3 put small.fastq.gz s3://data/run/b.fastq.gz && dp 78 get o.jsonl && dp 78 show s3://data/run/b.fastq.gz &&
		dp 0 index s3://data/run/b.fastq.gz && grep -q ' 1000 reads' out
}
takes_presigned_urls() {
	local url
	url=$(s3 signurl $reads +3600) && dp 0 index "$url" && dp 0 partition "$url" chunks n=2 -o q.jsonl || return
	! grep -q Signature q.jsonl && dp 77 get q.jsonl && dp 0 get q.jsonl --url "$url" && cmp out reads.fastq &&
		dp 0 partition "$url" chunks n=2 -o secret.jsonl --keep-query && grep -q Signature secret.jsonl &&
		dp 0 get secret.jsonl && cmp out reads.fastq
}
removes_its_index_alone() { dp 0 rm $reads --meta s3://indexes && ! s3 ls -r s3://indexes | grep -q dpx && dp 0 get s.jsonl; }
survives_a_killed_gateway() {
	dp 0 partition $reads chunks n=200 -o k.jsonl || return
	# Slow enough to be in the middle: one slice at a time.
	"$dataplug" map k.jsonl checksum -j 1 --json >out 2>err &
	local map=$! tries=0
	until [ "$(wc -l <out)" -ge 5 ] || [ $((tries += 1)) -gt 500 ]; do sleep 0.01; done
	kill -9 "$(cat "$DATAPLUG_TEST_S3_DIR/gateway.pid")"
	[ "$(wc -l <out)" -lt 200 ] || { echo "the map was over before"; return 1; }
	sleep 0.3
	"$server" restart "$DATAPLUG_TEST_S3_DIR" || return
	wait $map || { cat err; return 1; }
	[ "$(grep -c '"code":"DP_OK"' out)" = 201 ] && tail -n 1 out | grep -q "\"bytes\":$(wc -c <reads.fastq)"
}
for name in indexes gives_the_same_records reads_from_the_middle takes_raw_keys pays_its_price opening_costs_one_look \
	asks_for_the_bucket_of_indexes makes_the_bucket_of_indexes opens_an_index_in_a_bucket reads_rows_by_reference \
	shares_indexes_over_http tokens_hold_no_secret tokens_work_elsewhere wrong_password_is_told others_objects_are_denied \
	anonymous_needs_no_keys says_what_is_missing indexes_a_prefix cuts_a_prefix log_shows_requests_but_no_secret \
	notices_a_change takes_presigned_urls removes_its_index_alone survives_a_killed_gateway; do
	test_ok $name
done
conclude

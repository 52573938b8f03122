#!/usr/bin/env bash
# lambda.sh - examples/lambda on a real S3 server, beside which with-s3 runs it, and a stand-in for
# AWS Lambda: lambda.sh DATAPLUG BOOTSTRAP NAP.so
set -u
# shellcheck source=tests/support/command.sh
. "$(dirname "$0")/support/command.sh"
: "${DATAPLUG_TEST_S3:?with-s3 sets it}"
need s3cmd
find_dataplug "$1"
bootstrap=$(realpath "$2") nap=$(realpath "$3")
here=$(cd "$(dirname "$0")" && pwd)
mock='' function=''
stop() {
	[ -z "$function" ] || kill "$function" 2>/dev/null
	[ -z "$mock" ] || kill "$mock" 2>/dev/null
}
begin
export PYTHONPATH=$dir PYTHONDONTWRITEBYTECODE=1
export AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL_S3=$DATAPLUG_TEST_S3
output=map shown=(out log)

# The keys of a role, which end, as Lambda gives them to a function.
take_role() {
	local keys
	keys=$(curl -sS -m 60 --aws-sigv4 aws:amz:us-east-1:sts \
		--user "$DATAPLUG_TEST_S3_ACCESS_KEY:$DATAPLUG_TEST_S3_SECRET_KEY" -d Action=AssumeRole \
		-d RoleArn=arn:aws:iam:::role/R -d RoleSessionName=lambda "$DATAPLUG_TEST_S3/") || return
	key() { sed -n "s/.*<$1>\([^<]*\)<.*/\1/p" <<<"$keys"; }
	AWS_ACCESS_KEY_ID=$(key AccessKeyId) AWS_SECRET_ACCESS_KEY=$(key SecretAccessKey)
	AWS_SESSION_TOKEN=$(key SessionToken) AWS_REGION=us-east-1
	export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION
	[ -n "$AWS_SESSION_TOKEN" ]
}

# What the tests say of events and answers.
write_check() {
	cat >check.py <<-'PY'
		import base64, json

		def event(task, tokens, *args):
		    json.dump({"task": task, "args": args, "tokens": tokens}, open("event", "w"))

		def tokens(path="slices.jsonl"):
		    return open(path).read().splitlines()

		def answer(path="out"):
		    """Results by slice: their value if they are good, else their code; and what is left."""
		    it = json.load(open(path))
		    assert sorted(it) == ["left", "results"], it
		    fields = ["attempts", "code", "data", "message", "paid", "seconds", "slice"]
		    found = {}
		    for one in it["results"]:
		        assert sorted(one) == fields and one["slice"] not in found, one
		        good = one["code"] == "DP_OK"
		        assert (one["message"] is None) == good and (one["data"] is not None) == good, one
		        assert len(one["paid"]) == 3 and one["seconds"] >= 0, one
		        found[one["slice"]] = json.loads(base64.b64decode(one["data"], validate=True)) if good else one["code"]
		    return found, it["left"]

		def mapped():
		    """What dataplug map --json printed, the total apart."""
		    lines = [json.loads(line) for line in open("map")]
		    return {one["slice"]: one["data"] if one["code"] == "DP_OK" else one["code"]
		            for one in lines if one["slice"] is not None}
	PY
}
check() { python3 -c "from check import *; $1"; }
# event TASK FILE [ARG...]: the event of all tokens in a file.
event() { python3 -c 'from check import *; import sys; event(sys.argv[1], tokens(sys.argv[2]), *sys.argv[3:])' "$@"; }

# start NAME=VALUE...: the function, with these in its environment.
start() {
	local port tries=0
	port=$("$here/../scripts/free-ports")
	service=http://127.0.0.1:$port
	: >api
	python3 "$here/support/lambda_mock.py" "$port" "$dir/api" 2>mock.err &
	mock=$!
	until curl -s -o /dev/null "$service/" || [ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
	env "AWS_LAMBDA_RUNTIME_API=127.0.0.1:$port" "$@" "$bootstrap" >log 2>&1 &
	function=$!
}

# finish CODE: the function ended by itself, within five seconds, and with CODE.
finish() {
	local code=0 tries=0
	curl -s -m 10 -o /dev/null -d '' "$service/mock/end"
	while kill -0 "$function" 2>/dev/null && [ $((tries += 1)) -lt 100 ]; do sleep 0.05; done
	kill "$function" 2>/dev/null && echo "the function went on"
	wait "$function" || code=$?
	kill "$mock"
	wait "$mock" 2>/dev/null
	function='' mock=''
	[ $code = "$1" ] || { echo "it ended with $code"; return 1; }
}

# invoke [FILE [HEADER...]]: the answer is in out, its head in head.
invoke() {
	local file=${1:-event} header heads=()
	shift
	for header in "$@"; do
		heads+=(-H "$header")
	done
	curl -sS -m 60 -D head -o out -H Expect: "${heads[@]}" --data-binary "@$file" \
		"$service/2015-03-31/functions/function/invocations" && ! grep -qi '^x-amz-function-error' head
}

# refused CODE WORDS [EVENT]: the event gets an error.
refused() {
	[ $# -lt 3 ] || printf '%s' "$3" >event
	! invoke event && grep -q "\"errorType\":\"$1\"" out && grep -q "$2" out && ! grep -q Timedout out &&
		tail -n 2 api | grep -q "^invocation/.*/error 202 Function.$1 "
}

prepare() {
	reads 30000 | gzip -6 >reads.fastq.gz
	write_check
	s3 mb s3://data && s3 mb s3://indexes && s3 put reads.fastq.gz s3://data/reads.fastq.gz && take_role || return
	dp 0 index s3://data/reads.fastq.gz --meta s3://indexes -p span=64K &&
		dp 0 partition s3://data/reads.fastq.gz --meta s3://indexes chunks n=20 -o slices.jsonl &&
		dp 0 partition s3://data/reads.fastq.gz --meta s3://indexes chunks n=5000 -o many.jsonl &&
		dp 0 index reads.fastq.gz --meta . && dp 0 partition reads.fastq.gz --meta . chunks n=3 -o files.jsonl
}
prepare >prepare.out 2>&1 || {
	sed 's/^/# /' prepare.out err
	echo "not ok the objects are there"
	exit 1
}

gives_what_map_gives() {
	local task
	for task in count checksum fastq-stats; do
		dp 0 map slices.jsonl $task --json && event $task slices.jsonl && invoke &&
			check 'assert answer() == (mapped(), []) and len(mapped()) == 20' || return
	done
}
reads_rows_by_reference() {
	tail -n 30 many.jsonl >some.jsonl
	grep -q '"rows":\[' some.jsonl && dp 0 map some.jsonl fastq-stats --json && event fastq-stats some.jsonl && invoke &&
		check 'assert answer() == (mapped(), []) and len(mapped()) == 30'
}
takes_no_tokens() { invoke <(echo '{"task":"count","tokens":[]}') && [ "$(cat out)" = '{"results":[],"left":[]}' ]; }
passes_fields_over() {
	check 'json.dump({"tokens": tokens()[:1], "task": "count", "Items": 3}, open("event", "w"))' && invoke &&
		check 'assert answer() == ({0: {"records": 1500}}, [])'
}
takes_the_ends_of_lines() {
	check 'event("count", [tokens()[0] + "\n", tokens()[1] + "\r\n"])' && invoke &&
		check 'assert answer() == ({i: {"records": 1500} for i in range(2)}, [])'
}
bears_an_event_twice() {
	event fastq-stats slices.jsonl && dp 0 map slices.jsonl fastq-stats --json || return
	invoke event 'X-Mock-Id: twice' >first.out 2>&1 &
	local first=$!
	curl -sS -m 60 -o second -H 'X-Mock-Id: twice' --data-binary @event "$service/2015-03-31/functions/function/invocations" &&
		wait $first || return
	check 'assert answer("out") == answer("second") == (mapped(), [])' && [ "$(grep -c '^invocation/twice/response 202' api)" = 2 ]
}
tells_of_bad_events() {
	refused DP_EINVAL 'event: byte' '' && refused DP_EINVAL 'event: byte' '{"task":' &&
		refused DP_EINVAL 'event: byte' '{"task":"count","task":"count","tokens":[]}' &&
		refused DP_EINVAL 'event: byte' "{\"task\":\"$(printf '\377')\",\"tokens\":[]}" &&
		refused DP_EINVAL 'Expected object' '["count"]' &&
		refused DP_EINVAL 'not found: tokens' '{"task":"count"}' &&
		refused DP_EINVAL 'not found: task' '{"tokens":[]}' &&
		refused DP_EINVAL 'no task is called sort' '{"task":"sort","tokens":[]}' &&
		refused DP_EINVAL 'tokens.*is no array' '{"task":"count","tokens":"all"}' &&
		refused DP_EINVAL 'tokens.*item 1: not a string' '{"task":"count","tokens":["",{}]}' &&
		refused DP_EINVAL 'args.*is no array' '{"task":"nap","args":{"bytes":3},"tokens":[]}' &&
		refused DP_EINVAL 'no parameter' '{"task":"nap","args":["x=3"],"tokens":["x"]}' &&
		head -c 200000 /dev/zero | tr '\0' '[' >event && refused DP_EINVAL 'event: byte' &&
		gives_what_map_gives
}
tells_of_events_too_long() {
	head -c 20000000 /dev/zero | tr '\0' ' ' >event
	refused DP_EINVAL 'longer than' && passes_fields_over
}
tells_bad_tokens_from_good_ones() {
	check '
good = tokens()[3]
event("count", ["", good, good[:-9], good.replace("[", "\n[", 1), "{}", good + "\n" + good, good])' && invoke &&
		check '
good, bad = {"records": 1500}, "DP_EFORMAT"
assert answer() == ({0: bad, 1: good, 2: bad, 3: bad, 4: bad, 5: bad, 6: good}, [])'
}
gives_back_what_is_left() {
	dp 0 map slices.jsonl nap --lib "$nap" --json && event nap slices.jsonl seconds=0.5 && invoke event 'X-Mock-Seconds: 4' &&
		check '
done, left = answer()
assert 0 < len(done) < 20 and left == [t for i, t in enumerate(tokens()) if i not in done]
assert all(mapped()[i] == data for i, data in done.items())
open("left.jsonl", "w").write("".join(t + "\n" for t in left))
json.dump(sorted(set(range(20)) - set(done)), open("places", "w"))' || return
	# Invoked again, with the time that it needs.
	event nap left.jsonl && invoke &&
		check '
done, left = answer()
places = json.load(open("places"))
assert left == [] and {places[i]: data for i, data in done.items()} == {i: mapped()[i] for i in places}'
}
ends_a_slice_at_the_deadline() {
	event nap slices.jsonl seconds=50 && invoke event 'X-Mock-Seconds: 4' &&
		check 'assert answer() == ({}, tokens())' && gives_what_map_gives
}
does_nothing_without_time() {
	event nap slices.jsonl seconds=50 && invoke event 'X-Mock-Seconds: 0' 'X-Mock-Grace: 20' &&
		check 'assert answer() == ({}, tokens())'
}
gives_no_more_than_lambda_takes() {
	dp 0 map slices.jsonl nap bytes=1M --lib "$nap" --json && event nap slices.jsonl bytes=1M && invoke &&
		check '
done, left = answer()
assert 1 < len(done) < 6 and left == [t for i, t in enumerate(tokens()) if i not in done]
assert all(mapped()[i] == data for i, data in done.items())'
}
fails_a_result_that_never_fits() {
	head -n 1 slices.jsonl >one.jsonl
	event nap one.jsonl bytes=7M && invoke && check 'assert answer() == ({0: "DP_ETASK"}, [])'
}
tells_of_a_response_refused() {
	check 'event("count", ["x" * 999] * 7000)' && refused DP_EUNSUPPORTED 'bytes was refused' && passes_fields_over
}
refuses_files() {
	check 'event("count", tokens("files.jsonl") + tokens()[:1])' && invoke &&
		check 'assert answer() == ({0: "DP_EAUTH", 1: "DP_EAUTH", 2: "DP_EAUTH", 3: {"records": 1500}}, [])'
}
log_holds_no_secret() { [ -s log ] && ! grep -e "$AWS_SECRET_ACCESS_KEY" -e "$AWS_SESSION_TOKEN" log; }
ends_when_it_is_told() { finish 1 && [ "$(tail -n 1 api)" = 'next 500' ] && [ ! -s mock.err ]; }
admits_what_it_is_told_to() {
	local code=0
	start "DATAPLUG_ALLOW=file://$dir/"
	check 'event("count", tokens("files.jsonl") + tokens()[:1])' && invoke &&
		check '
good = {"records": 10000}
assert answer() == ({0: good, 1: good, 2: good, 3: "DP_EAUTH"}, [])' || code=1
	finish 1 && [ $code = 0 ]
}
tells_of_a_bad_start() {
	start DATAPLUG_PLUGIN_PATH=/nowhere.so && finish 1 && grep -q '^init/error 202 Function.DP_ENOTFOUND .*nowhere.so' api || return
	start DATAPLUG_MEMORY=much && finish 1 && grep -q '^init/error 202 Function.DP_EINVAL .*memory' api
}
ends_without_lambda() {
	local code=0
	"$bootstrap" 2>err || code=$?
	[ $code = 1 ] && grep -q AWS_LAMBDA_RUNTIME_API err || return
	code=0
	AWS_LAMBDA_RUNTIME_API=127.0.0.1:1 timeout 20 "$bootstrap" 2>err || code=$?
	[ $code = 1 ] && grep -q 'invocation/next' err
}

start "DATAPLUG_PLUGIN_PATH=$nap" DATAPLUG_THREADS=2
# Not in shells of their own: start and finish change what runs.
for name in gives_what_map_gives reads_rows_by_reference takes_no_tokens passes_fields_over takes_the_ends_of_lines \
	bears_an_event_twice tells_of_bad_events tells_of_events_too_long tells_bad_tokens_from_good_ones \
	gives_back_what_is_left ends_a_slice_at_the_deadline does_nothing_without_time gives_no_more_than_lambda_takes \
	fails_a_result_that_never_fits tells_of_a_response_refused refuses_files log_holds_no_secret ends_when_it_is_told \
	admits_what_it_is_told_to tells_of_a_bad_start ends_without_lambda; do
	test_here $name
done
conclude

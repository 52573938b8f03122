#!/usr/bin/env bash
# command.sh - what the tests of the command line share; they source it.

# find_dataplug [PATH]: the program is PATH, or what DATAPLUG names, from whatever folder.
find_dataplug() {
	dataplug=${1:-${DATAPLUG:?the path of dataplug}}
	case $dataplug in */*) dataplug=$(realpath -s "$dataplug") ;; esac
}

# need PROGRAM: the test is skipped where it is not installed.
need() {
	command -v "$1" >/dev/null && return
	echo "1..0 # SKIP ${1##*/} is not installed"
	exit 77
}

# What a test has started ends here; one that starts anything says how.
stop() { :; }

# begin: goes to a folder of its own, which goes with the test, in an environment that says nothing of
# settings, credentials, proxies, certificates and schedulers.
begin() {
	local name
	for name in $(compgen -e); do
		case $name in
		DATAPLUG_TEST_*) ;;
		DATAPLUG_* | AWS_* | *_proxy | *_PROXY | SSL_CERT_* | CURL_CA_BUNDLE) unset "$name" ;;
		SLURM_ARRAY_TASK_ID | PBS_ARRAY_INDEX | SGE_TASK_ID | LSB_JOBINDEX) unset "$name" ;;
		esac
	done
	dir=$(mktemp -d) || exit 1
	trap 'stop; rm -rf "$dir"' EXIT
	trap 'exit 1' INT TERM
	cd "$dir" || exit 1
	export LC_ALL=C HOME=$dir XDG_CACHE_HOME=$dir/cache
}

number=0 failed=0
# Where dataplug's output goes, and what else is shown when a test fails.
output=out shown=()

# test_here NAME [COMMAND...]: the command, or the function of that name, must give 0.
test_here() {
	local name=$1
	shift
	number=$((number + 1))
	if "${@:-$name}" >test.out 2>test.err; then
		echo "ok $name"
	else
		echo "not ok $name"
		head -c 2000 -q test.out test.err "${shown[@]}" | sed 's/^/# /' | head -n 40
		failed=$((failed + 1))
	fi
}

apart() { ("$@"); }
# test_ok NAME [COMMAND...]: the same in a shell of its own.
test_ok() {
	local name=$1
	shift
	test_here "$name" apart "${@:-$name}"
}

# conclude: behind all tests; the script's status is what it gives.
conclude() {
	printf '1..%d\n# %d failed\n' $number $failed
	[ $failed = 0 ]
}

# dp CODE ARG...: dataplug ends with CODE; what it printed is in $output and err.
dp() {
	local want=$1 got=0
	shift
	"$dataplug" "$@" >"$output" 2>err || got=$?
	[ "$got" = "$want" ] && return
	echo "dataplug $*: $got, not $want"
	cat err
	return 1
}

# s3 ARG...: another client of the server that with-s3 runs.
s3() {
	local host=${DATAPLUG_TEST_S3#http://}
	s3cmd --config /dev/null --no-ssl --host="$host" --host-bucket="$host" \
		--access_key="$DATAPLUG_TEST_S3_ACCESS_KEY" --secret_key="$DATAPLUG_TEST_S3_SECRET_KEY" "$@"
}

# reads N [NAME]: FASTQ of N reads of 80 bases, compressible as real ones are; NAME holds a %d.
reads() {
	awk -v n="$1" -v name="${2:-@read%d/1}" 'BEGIN { srand(11)
		for (i = 0; i < n; i++) {
			s = q = ""
			for (j = 0; j < 80; j++) {
				s = s substr("ACGTN", int(rand() * 4.05) + 1, 1)
				q = q substr("@FFFFF:,#", int(rand() * 9) + 1, 1)
			}
			printf name "\n%s\n+\n%s\n", i, s, q
		} }'
}

#!/usr/bin/env bash
# profiles.sh - profiles of the strategy auto are complete or refused: profiles.sh MAKE-PROFILES PROFILE.json
set -u
make=$1 good=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0 number=0

# test_ok NAME COMMAND...
test_ok() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		sed 's/^/# /' "$dir/out"
		failed=$((failed + 1))
	fi
}

# refuses MESSAGE SED: the good profile, edited so, is refused with that message, and no table is left.
refuses() {
	sed "$2" "$good" >"$dir/bad.json"
	if "$make" "$dir/bad.c" "$dir/bad.json" 2>"$dir/err"; then
		echo "was taken"
		return 1
	fi
	[ ! -e "$dir/bad.c" ] && grep -qF -- "$1" "$dir/err" && return
	cat "$dir/err"
	return 1
}

makes_a_table() {
	"$make" "$dir/good.c" "$good" && grep -qF '.get_rate = 5500.0,' "$dir/good.c" &&
		grep -qF 'dp__auto_profile_default[] = "lambda-s3";' "$dir/good.c"
}
two_of_one_name() { ! "$make" "$dir/two.c" "$good" "$good" && [ ! -e "$dir/two.c" ]; }
test_ok makes_a_table makes_a_table
test_ok missing_constant refuses 'get_rate is missing' 's/"get_rate"/"get_rates"/'
test_ok unknown_constant refuses 'get_rates is no constant of the model' 's/"get_rate"/"get_rates"/'
test_ok wrong_unit refuses 'timeout is in min, not in s' '/"timeout"/s/"unit": "s"/"unit": "min"/'
test_ok no_source refuses 'has no source' 's/"source": "the same figure"/"source": " "/'
test_ok negative_number refuses 'range is no number from 0 up' '/"range"/s/8388608/-1/'
test_ok text_for_a_number refuses 'range is no number from 0 up' '/"range"/s/8388608/"8M"/'
test_ok divisor_of_nothing refuses 'range is 0' '/"range"/s/8388608/0/'
test_ok no_date refuses 'the date is not like 2026-11' 's/"2026-11"/"now"/'
test_ok two_of_one_name two_of_one_name
echo "1..$number"
[ $failed = 0 ]

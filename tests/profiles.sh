#!/usr/bin/env bash
# profiles.sh - profiles of the strategy auto are complete or refused: profiles.sh MAKE-PROFILES PROFILE.json
set -u
# shellcheck source=tests/support/command.sh
. "$(dirname "$0")/support/command.sh"
make=$(realpath "$1") good=$(realpath "$2")
begin

# refuses MESSAGE SED: the good profile, edited so, is refused with that message, and no table is left.
refuses() {
	sed "$2" "$good" >bad.json
	if "$make" bad.c bad.json 2>err; then
		echo "was taken"
		return 1
	fi
	[ ! -e bad.c ] && grep -qF -- "$1" err && return
	cat err
	return 1
}

makes_a_table() {
	"$make" good.c "$good" && grep -qF '.get_rate = 5500.0,' good.c &&
		grep -qF 'dp__auto_profile_default[] = "lambda-s3";' good.c
}
two_of_one_name() { ! "$make" two.c "$good" "$good" && [ ! -e two.c ]; }
test_ok makes_a_table
test_ok missing_constant refuses 'get_rate is missing' 's/"get_rate"/"get_rates"/'
test_ok unknown_constant refuses 'get_rates is no constant of the model' 's/"get_rate"/"get_rates"/'
test_ok wrong_unit refuses 'timeout is in min, not in s' '/"timeout"/s/"unit": "s"/"unit": "min"/'
test_ok no_source refuses 'has no source' 's/"source": "the same figure"/"source": " "/'
test_ok negative_number refuses 'range is no number from 0 up' '/"range"/s/8388608/-1/'
test_ok text_for_a_number refuses 'range is no number from 0 up' '/"range"/s/8388608/"8M"/'
test_ok divisor_of_nothing refuses 'range is 0' '/"range"/s/8388608/0/'
test_ok no_date refuses 'the date is not like 2026-11' 's/"2026-11"/"now"/'
test_ok two_of_one_name
conclude

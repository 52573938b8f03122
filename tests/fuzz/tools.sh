#!/usr/bin/env bash
# tools.sh - deflate streams of all compressors that Debian has, beside zlib.
#
# usage: tools.sh STREAMS GENFQ      the programs of these names
set -euo pipefail
streams=$(realpath "$1")
genfq=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

"$genfq" 300 7 >reads
"$genfq" 200 8 hiseq >levels
head -c 200000 /dev/zero >zeros
head -c 50000 "$streams" >program
head -c 3000 reads >short
: >empty
for text in reads levels zeros program short empty; do
	for level in 1 3 6 9; do
		gzip -n -c "-$level" $text >"$text.gzip$level.gz"
	done
	for level in 0 1 2 3; do
		igzip -c "-$level" $text >"$text.igzip$level.gz"
	done
	pigz -n -c -b 128 -p 2 $text >"$text.pigz.gz"
	pigz -n -c -i -b 128 $text >"$text.pigzi.gz"
	7z a -tgzip -mx=5 -bso0 -bsp0 "$text.7z5.gz" $text
	7z a -tgzip -mx=9 -bso0 -bsp0 "$text.7z9.gz" $text
	libdeflate-gzip -c -12 $text >"$text.libdeflate12.gz"
	[ $text = zeros ] || zopfli --i1 -c $text >"$text.zopfli.gz"
done
"$streams" ./*.gz

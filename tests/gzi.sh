#!/usr/bin/env bash
# gzi.sh - indexes go to gztool, indexed_gzip and rapidgzip and come from them, on files of many
# compressors: gzi.sh DATAPLUG GENFQ [REQUIREMENTS]
#
# REQUIREMENTS are the Python packages of the last two, for an environment that is made here; without
# them, gztool is asked alone. What a program extracts is compared with what gzip decodes.
set -u
# shellcheck source=tests/support/command.sh
. "$(dirname "$0")/support/command.sh"
find_dataplug "$1"
genfq=$(realpath "$2")
requirements=${3:+$(realpath "$3")}
need gztool
begin
if [ "$requirements" ]; then
	python3 -m venv venv &&
		venv/bin/python -m pip install -q --disable-pip-version-check -r "$requirements" || exit 1
	PATH=$dir/venv/bin:$PATH
fi

"$genfq" 70000 7 >reads.fastq
size=$(wc -c <reads.fastq)
gzip -6 -c reads.fastq >six.fastq.gz
bgzip -c reads.fastq >bgzf.fastq.gz
pigz -p 2 -b 128 -c reads.fastq >pigz.fastq.gz
igzip -0 -c reads.fastq >single.fastq.gz
split -n l/5 reads.fastq part.
for part in part.*; do gzip -1 -c "$part"; done >members.fastq.gz
places=(0 1 $((size / 3)) $((size / 2 + 1)) $((size - 1)))

# part OFF LEN, of the text.
part() { tail -c +$(($1 + 1)) reads.fastq | head -c "$2"; }

# ---- to other programs ----

# -W: it may not write an index of its own.
gztool_reads_bytes() { # FILE INDEX
	local off
	for off in "${places[@]}"; do
		cmp <(gztool -v0 -W -I "$2" -b "$off" -r 70000 "$1.fastq.gz") <(part "$off" 70000) || return 1
	done
}
gztool_reads_lines() { # FILE INDEX
	local line
	for line in 1 4001 77777 279997; do
		cmp <(gztool -v0 -W -I "$2" -L $line -R 4 "$1.fastq.gz") <(sed -n "$line,$((line + 3))p" reads.fastq) ||
			return 1
	done
	gztool -l -I "$2" "$1.fastq.gz" 2>&1 | grep -q "Number of lines .*: 280000 "
}
indexed_gzip_reads() { # FILE INDEX
	python - "$1.fastq.gz" "$2" "${places[@]}" <<-'EOF'
		import sys, indexed_gzip
		text = open("reads.fastq", "rb").read()
		with indexed_gzip.IndexedGzipFile(sys.argv[1], index_file=sys.argv[2]) as f:
		    for off in map(int, sys.argv[3:]):
		        f.seek(off)
		        assert f.read(70000) == text[off:off + 70000], off
		    f.seek(0)
		    assert f.read() == text
	EOF
}
rapidgzip_reads() { # FILE INDEX
	local off ranges=
	for off in "${places[@]}"; do ranges=$ranges,70000@$off; done
	cmp <(rapidgzip -q -P 2 --import-index "$2" --ranges "${ranges#,}" -c -d "$1.fastq.gz") \
		<(for off in "${places[@]}"; do part "$off" 70000; done)
}
exports_to_gztool() { # FILE
	"$dataplug" index -q "$1.fastq.gz" -p span=256K --force &&
		"$dataplug" export -q "$1.fastq.gz" -o "$1.gzi" && gztool_reads_bytes "$1" "$1.gzi" &&
		"$dataplug" export -q "$1.fastq.gz" --as gztool-lines -o "$1.lines" &&
		gztool_reads_bytes "$1" "$1.lines" && gztool_reads_lines "$1" "$1.lines"
}
exports_to_pythons() { # FILE
	local kind
	"$dataplug" index -q "$1.fastq.gz" -p span=256K --force &&
		"$dataplug" export -q "$1.fastq.gz" -o "$1.gzidx" && indexed_gzip_reads "$1" "$1.gzidx" || return 1
	for kind in gztool gztool-lines indexed-gzip; do
		"$dataplug" export -q "$1.fastq.gz" --as $kind -o "$1.$kind" && rapidgzip_reads "$1" "$1.$kind" ||
			return 1
	done
}

# ---- from other programs ----

# imports FILE UNITS: at least so many, from the file "index".
imports() {
	"$dataplug" index "$1.fastq.gz" --import index --json >out && "$dataplug" verify "$1.fastq.gz" &&
		"$dataplug" partition "$1.fastq.gz" chunks n=5 -q -o slices &&
		"$dataplug" get slices | cmp - reads.fastq &&
		[ "$(sed 's/.*"units":\([0-9]*\).*/\1/' out)" -ge "$2" ]
}
imports_from_gztool() { # FILE UNITS
	rm -f index && gztool -v0 -s 1 -z -I index -i "$1.fastq.gz" && imports "$1" "$2" &&
		rm -f index && gztool -v0 -s 1 -x -I index -i "$1.fastq.gz" && imports "$1" "$2"
}
imports_from_indexed_gzip() { # FILE UNITS
	python - "$1.fastq.gz" <<-'EOF' && imports "$1" "$2"
		import sys, indexed_gzip
		with indexed_gzip.IndexedGzipFile(sys.argv[1], spacing=1 << 20) as f:
		    f.build_full_index()
		    f.export_index("index")
	EOF
}
imports_from_rapidgzip() { # FILE UNITS
	local kind
	for kind in gztool gztool-with-lines indexed_gzip; do
		rapidgzip -q -f -P 2 --chunk-size 512 --export-index index --index-format $kind -d -o /dev/null "$1.fastq.gz" &&
			imports "$1" "$2" || return 1
	done
}

for file in six bgzf pigz single members; do
	# The one block of "igzip -0" has no borders inside, but is more than a unit's text.
	units=4
	[ "$file" != single ] || units=2
	test_ok "exports_to_gztool $file" exports_to_gztool "$file"
	test_ok "imports_from_gztool $file" imports_from_gztool "$file" "$units"
	[ "$requirements" ] || continue
	test_ok "exports_to_pythons $file" exports_to_pythons "$file"
	test_ok "imports_from_indexed_gzip $file" imports_from_indexed_gzip "$file" "$units"
	test_ok "imports_from_rapidgzip $file" imports_from_rapidgzip "$file" "$units"
done
conclude

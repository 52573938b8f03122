#!/usr/bin/env bash
# web.sh - objects on a real web server, nginx on loopback: web.sh [DATAPLUG]
set -u
# shellcheck source=tests/support/command.sh
. "$(dirname "$0")/support/command.sh"
find_dataplug "$@"
nginx=$(command -v nginx || echo /usr/sbin/nginx)
need "$nginx"
mapfile -t ports < <("$(dirname "$0")/../scripts/free-ports" 2)
port=$((ports[0])) tls_port=$((ports[1]))
begin
export DATAPLUG_META=$dir/meta DATAPLUG_BACKOFF=0.01 DATAPLUG_RETRIES=2
stop() { [ ! -f "$dir/pid" ] || kill "$(cat "$dir/pid")" 2>/dev/null; }

serve() {
	mkdir -p www/private
	reads 30000 >reads.fastq
	gzip -6 <reads.fastq >www/reads.fastq.gz
	cp www/reads.fastq.gz www/other.fastq.gz
	cp www/reads.fastq.gz www/private/reads.fastq.gz
	: >www/empty.fastq
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null
	cat >nginx.conf <<-CONF
		pid $dir/pid;
		error_log $dir/error.log;
		$([ "$(id -u)" = 0 ] && echo 'user root;')
		events { worker_connections 64; }
		http {
			access_log $dir/access.log;
			tcp_nopush off;
			client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3;
			uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
			server {
				listen 127.0.0.1:$port;
				listen 127.0.0.1:$tls_port ssl;
				ssl_certificate $dir/cert.pem;
				ssl_certificate_key $dir/key.pem;
				root $dir/www;
				location /moved/ { rewrite ^/moved/(.*)\$ /\$1 redirect; }
				location /loop/ { return 302 /loop/; }
				location /whole/ { alias $dir/www/; max_ranges 0; }
				location /busy/ { return 503; }
				location /signed/ { alias $dir/www/; if (\$arg_Signature != good) { return 403; } }
				location /private/ { if (\$http_x_key != secret) { return 403; } }
			}
		}
	CONF
	"$nginx" -c "$dir/nginx.conf" -p "$dir" 2>error.start
}
serve || {
	cat error.start
	echo "not ok the server starts"
	exit 1
}
web=http://127.0.0.1:$port

indexes() { dp 0 index $web/reads.fastq.gz -p span=64K && grep -q '30000 reads' out; }
gives_the_same_records() {
	dp 0 partition $web/reads.fastq.gz chunks n=5 -o s.jsonl && dp 0 get s.jsonl && cmp out reads.fastq
}
reads_from_the_middle() {
	dp 0 read $web/reads.fastq.gz record=10000:10010 && cmp out <(sed -n 40001,40040p reads.fastq)
}
pays_its_price() {
	dp 0 partition $web/reads.fastq.gz chunks n=5 -o s.jsonl --json || return
	local price
	price=$(grep -o '"requests":[0-9]*' out | cut -d: -f2)
	local rows
	rows=$(grep -c '"rows":\[' s.jsonl)
	: >access.log
	dp 0 get s.jsonl || return
	sleep 0.2
	[ "$(grep -c ' 206 ' access.log)" = $((price - rows)) ] || { cat access.log; return 1; }
}
opening_costs_one_look() {
	: >access.log
	dp 0 show $web/reads.fastq.gz || return
	sleep 0.2
	[ "$(wc -l <access.log)" = 1 ]
}
follows_redirects() { dp 0 index $web/moved/reads.fastq.gz && dp 0 verify $web/moved/reads.fastq.gz; }
ends_in_redirect_loops() { ! "$dataplug" index $web/loop/x.gz 2>err && grep -q redirect err; }
says_what_is_missing() { dp 66 index $web/none.fastq.gz && [ "$(wc -l <err)" = 1 ]; }
takes_empty_objects() { dp 0 index $web/empty.fastq && grep -q ' 0 reads' out; }
refuses_servers_without_ranges() { ! "$dataplug" index $web/whole/reads.fastq.gz 2>err && [ "$(wc -l <err)" = 1 ]; }
busy_is_transient() {
	: >access.log
	dp 75 index $web/busy/x.gz || return
	sleep 0.2
	[ "$(wc -l <access.log)" = 3 ]
}
refused_is_transient() { dp 75 index http://127.0.0.1:1/x.gz; }
forbidden_is_told() { dp 77 index $web/private/reads.fastq.gz; }
sends_headers() {
	DATAPLUG_HTTP_HEADER='X-Key: secret' dp 0 index $web/private/reads.fastq.gz
}
sends_headers_of_the_command_line() {
	dp 0 index $web/private/reads.fastq.gz --force --header 'X-Other: a' --header 'X-Key: secret' &&
		dp 64 index $web/private/reads.fastq.gz --header nonsense
}
shows_what_was_asked() {
	dp 0 index $web/reads.fastq.gz --force --stats --json || return
	grep -q '"stats":{"gets":[0-9]*,"retries":0,"needed":[0-9]*,"fetched":[0-9]*,"first_byte":0\.[0-9]*,"seconds"' err
}
keeps_headers_to_itself() {
	DATAPLUG_HTTP_HEADER='X-Key: secret' dp 0 partition $web/private/reads.fastq.gz chunks n=2 -o p.jsonl &&
		! grep -r secret p.jsonl meta
}
signed_url='/signed/reads.fastq.gz?Expires=99&Signature=good&Key-Pair-Id=K'
takes_signed_urls() {
	dp 0 index "$web$signed_url" && dp 0 partition "$web$signed_url" chunks n=2 -o q.jsonl &&
		! grep -r -e Signature -e good q.jsonl out err && ! grep -rq -e 'Signature=' meta
}
later_signatures_find_the_index() { dp 0 show "$web/signed/reads.fastq.gz?Key-Pair-Id=L&Signature=good" && grep -q 30000 out; }
tokens_need_the_signature() {
	dp 77 get q.jsonl && dp 0 get q.jsonl --url "$web$signed_url" && cmp out reads.fastq &&
		dp 1 map q.jsonl count && dp 0 map q.jsonl count --url "$web$signed_url"
}
reports_show_no_signature() {
	cp www/reads.fastq.gz www/moves.fastq.gz
	local url="$web/signed/moves.fastq.gz?Signature=good"
	dp 0 index "$url" && dp 0 partition "$url" chunks n=2 -o k.jsonl --keep-query --report plan.html &&
		grep -q Signature=good k.jsonl && ! grep Signature plan.html || return
	head -4 reads.fastq | gzip >www/new && mv www/new www/moves.fastq.gz
	dp 1 map k.jsonl count --report job.html && grep -q 'signed/moves.fastq.gz","format"' job.html &&
		grep -q '"token":null' job.html && ! grep Signature job.html
}
errors_show_no_signature() {
	dp 77 index "$web/signed/reads.fastq.gz?Signature=wrong" && ! grep wrong err
}
trusts_no_unknown_certificate() { ! "$dataplug" index https://127.0.0.1:$tls_port/reads.fastq.gz 2>err; }
speaks_tls() {
	export SSL_CERT_FILE=$dir/cert.pem
	dp 0 index https://127.0.0.1:$tls_port/reads.fastq.gz && dp 0 verify https://127.0.0.1:$tls_port/reads.fastq.gz
}
trusts_a_named_folder() {
	mkdir -p trusted && cp cert.pem trusted && openssl rehash trusted && export SSL_CERT_DIR=$dir/trusted || return
	dp 0 show https://127.0.0.1:$tls_port/reads.fastq.gz
}
trusts_a_named_file_and_folder() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other.key -out other.pem 2>/dev/null
	export SSL_CERT_FILE=$dir/other.pem
	! "$dataplug" show https://127.0.0.1:$tls_port/reads.fastq.gz 2>err && trusts_a_named_folder
}
notices_a_change() {
	dp 0 index $web/other.fastq.gz && dp 0 partition $web/other.fastq.gz chunks n=2 -o o.jsonl || return
	{ cat reads.fastq && head -4 reads.fastq; } | gzip >www/new && mv www/new www/other.fastq.gz
	dp 78 get o.jsonl && dp 0 index $web/other.fastq.gz && grep -q '30001 reads' out
}
for name in indexes gives_the_same_records reads_from_the_middle pays_its_price opening_costs_one_look \
	follows_redirects ends_in_redirect_loops says_what_is_missing takes_empty_objects \
	refuses_servers_without_ranges busy_is_transient refused_is_transient forbidden_is_told sends_headers \
	sends_headers_of_the_command_line shows_what_was_asked keeps_headers_to_itself takes_signed_urls later_signatures_find_the_index tokens_need_the_signature \
	reports_show_no_signature errors_show_no_signature trusts_no_unknown_certificate speaks_tls \
	trusts_a_named_folder trusts_a_named_file_and_folder notices_a_change; do
	test_ok $name
done
conclude

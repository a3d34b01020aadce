# shellcheck shell=sh
# http_session BASE: checks the answers of an HTTP server whose /hello and /large are the files of /srv/www.
http_session() {
  await curl -sf "$1/hello" || return
  expect 'a small answer' hello curl -s "$1/hello"
  expect 'a large answer' 1048576 sh -c "curl -s $1/large | wc -c"
  expect 'not found' 404 curl -s -o /dev/null -w '%{http_code}' "$1/absent"
  expect '3 requests on one connection' '200200200' \
    curl -s -o /dev/null -o /dev/null -o /dev/null -w '%{http_code}' "$1/hello" "$1/hello" "$1/hello"
  expect 'HEAD' 200 curl -sI -o /dev/null -w '%{http_code}' "$1/hello"
  expect '200 requests, 20 at a time' 200 sh -c \
    "seq 200 | xargs -P 20 -I N curl -s -o /dev/null -w '%{http_code}\n' $1/hello | grep -c 200"
  expect '8 large answers at once' 8 sh -c \
    "seq 8 | xargs -P 8 -I N curl -s -o /dev/null -w '%{size_download}\n' $1/large | grep -c 1048576"
  expect 'a request to the server by its address' '200' sh -c \
    "curl -s -o /dev/null -w '%{http_code}' --resolve other:\${0#*:}:\$(getent ahostsv4 \${0%:*} | awk '{ print \$1; exit }') http://other:\${0#*:}/hello" "$1"
}

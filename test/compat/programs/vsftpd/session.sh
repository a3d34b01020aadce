# shellcheck shell=sh
. /session-lib.sh
listening server 2121
url=ftp://server:2121
expect 'a file' hello curl -s $url/hello
expect 'a large file' 1048576 sh -c "curl -s $url/large | wc -c"
expect 'a listing' 'hello in large ' sh -c "curl -sl $url/ | sort | tr '\n' ' '"
check 'upload' curl -s -T /srv/www/large $url/in/copy
expect 'PASV without EPSV' hello curl -s --disable-epsv $url/hello
expect 'active mode' hello curl -s -P - $url/hello
expect '5 sessions at once' 5 sh -c "seq 5 | xargs -P 5 -I N curl -s -o /dev/null -w '%{size_download}\n' $url/large | grep -c 1048576"
expect 'a missing file' 78 sh -c "curl -s $url/absent; echo \$?"
expect 'a resumed download' 48576 sh -c "curl -s -C 1000000 $url/large | wc -c"
finish

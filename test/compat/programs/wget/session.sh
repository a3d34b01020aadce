# shellcheck shell=sh
. /session-lib.sh
cd /tmp || exit
listening server 8000
listening files 8080
check 'one file' wget -q -O page server:8000/
check 'a tree' wget -q -r -np -nH -P tree server:8000/
expect 'the tree is complete' "$(cd /usr/share/perl/5.36/ExtUtils && find . -type f -exec sha256sum {} + | sort -k 2 | sha256sum)" \
  sh -c 'cd tree && find . -type f ! -name index.html -exec sha256sum {} + | sort -k 2 | sha256sum'
large=share/perl/5.36/unicore/Name.pl
head -c 1000 "/usr/$large" >Name.pl
check 'a resumed download' wget -q -c "files:8080/$large"
check 'the resumed file is complete' cmp Name.pl "/usr/$large"
check 'time limits' wget -q -T 3 --dns-timeout=3 --connect-timeout=3 -O page server:8000/
check '-4' wget -q -4 -O page server:8000/
expect 'a refused connection' 4 sh -c 'wget -q -t 1 server:1; echo $?'
expect 'an unknown name' 4 sh -c 'wget -q -t 1 nobody.invalid; echo $?'
expect 'not found' 8 sh -c 'wget -q files:8080/absent; echo $?'
finish

# shellcheck shell=bash
# Debian packages, also from a newer suite than the machine's own.

APT_UPDATED=

# True where bootstrap may install packages by itself.
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ "$(os_release ID)" = debian ]; }

os_release() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\).*/\1/p" /etc/os-release 2>/dev/null; }

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; }

# need_packages WHAT-FOR PACKAGE...
need_packages() {
  local what=$1
  shift
  may_install || die "$what is missing" "install it (on Debian: apt-get install $*) and run script/bootstrap again"
  say "installing $what ($*)"
  if [ -z "$APT_UPDATED" ]; then
    # One broken source of many need not matter; if it does, the installation fails.
    apt_get update >/dev/null 2>&1 9>&- || true
    APT_UPDATED=yes
  fi
  quietly "installing $what" apt_get install -y --no-install-recommends "$@"
}

# derive_source FROM SUITE TO DIRECTORY: prints the machine's source of SUITE with TO in its place, from the first
# file below DIRECTORY that has one. Covers both of apt's formats; no mirror's name stands anywhere else.
derive_source() {
  local from=$1 to=$2 directory=$3 file
  for file in "$directory"/sources.list.d/*.sources; do
    [ -e "$file" ] && awk -v from="$from" -v to="$to" '
      BEGIN { RS = ""; FS = "\n" }
      {
        stanza = ""; mine = 0; off = 0
        for (i = 1; i <= NF; i++) {
          if ($i ~ /^#/) continue
          if ($i ~ /^Enabled:[ \t]*no/) off = 1
          if ($i ~ /^Suites:/) {
            n = split($i, suites, /[ \t]+/)
            for (s = 2; s <= n; s++) if (suites[s] == from) mine = 1
            stanza = stanza "Suites: " to "\n"
          } else stanza = stanza $i "\n"
        }
        if (mine && !off) { printf "%s", stanza; found = 1; exit }
      }
      END { exit !found }' "$file" && return
  done
  for file in "$directory"/sources.list "$directory"/sources.list.d/*.list; do
    [ -e "$file" ] && awk -v from="$from" -v to="$to" '
      $1 == "deb" {
        # The suite follows the address, before which [options] may stand.
        for (i = 2; i <= NF && $i !~ /:\//; i++);
        if ($(i + 1) == from) { $(i + 1) = to; print; found = 1; exit }
      }
      END { exit !found }' "$file" && return
  done
  return 1
}

# add_suite SUITE: makes its packages available for those who name it, and for nothing else.
add_suite() {
  local suite=$1 own source ending
  own=$(os_release VERSION_CODENAME)
  source=$(derive_source "$own" "$suite" /etc/apt) ||
    die "none of this machine's apt sources has the suite $own" "add the suite $suite to apt by hand"
  case $source in deb*) ending=list ;; *) ending=sources ;; esac
  printf '%s\n' "$source" >"/etc/apt/sources.list.d/boxer-$suite.$ending"
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 1\n' "$suite" >"/etc/apt/preferences.d/boxer-$suite"
}

# Debian's first suite that has what the machine's own has only in older versions.
NEWER_SUITE=forky

# prepare_newer_suite: makes that suite's packages available by PACKAGE$newer_suffix.
newer_suffix=
prepare_newer_suite() {
  [ "$(os_release VERSION_CODENAME)" != "$NEWER_SUITE" ] || return 0
  newer_suffix=/$NEWER_SUITE
  say "adding Debian's suite $NEWER_SUITE to apt, for these packages only"
  add_suite "$NEWER_SUITE"
  APT_UPDATED=
}

# need_newer_packages WHAT-FOR PACKAGE...: out of that suite.
need_newer_packages() {
  local what=$1
  shift
  if may_install; then prepare_newer_suite; fi
  need_packages "$what" "${@/%/$newer_suffix}"
}

# need_newer_program WHAT-FOR PACKAGE FILE: puts one program of a package of that suite into /usr/local/bin, without installing the
# package: what it does when it is installed may want the rest of the suite, too (systemd's newer sysusers, for one).
need_newer_program() {
  local what=$1 package=$2 file=$3 folder
  may_install || die "$what is missing" "install $package and run script/bootstrap again"
  prepare_newer_suite
  say "installing $what ($file of $package$newer_suffix)"
  apt_get update >/dev/null 2>&1 9>&- || true
  folder=$(mktemp -d "$RUN/package.XXXXXX")
  # apt lets go of root's rights for a download, where it can write to the folder without them.
  chmod 755 "$folder"
  (cd "$folder" && quietly "fetching $what" apt_get -o APT::Sandbox::User=root download "$package$newer_suffix")
  quietly "unpacking $what" dpkg-deb --extract "$folder"/*.deb "$folder/files"
  install -m 755 "$folder/files/$file" "/usr/local/bin/${file##*/}"
  rm -rf "$folder"
}

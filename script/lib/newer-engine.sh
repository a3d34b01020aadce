# shellcheck shell=bash
# The programs of a current Docker Engine beside the machine's own, out of Debian's newer suite; not installed.

# Prints the folder with them, fetching them where they are not there yet.
newer_engine_programs() {
  local folder=$CACHE/engine-$NEWER_SUITE fetched
  if [ ! -d "$folder" ]; then
    may_install || die "a newer Engine comes out of Debian's packages" 'run this on Debian as root'
    prepare_newer_suite
    say "fetching a newer Docker Engine out of $NEWER_SUITE"
    mkdir -p "$CACHE" "$RUN"
    apt_get update >/dev/null 2>&1 || true
    fetched=$(mktemp -d "$RUN/engine.XXXXXX")
    # apt lets go of root's rights for a download, where it can write to the folder without them.
    (cd "$fetched" && quietly 'fetching it' apt_get -o APT::Sandbox::User=root download docker.io/$NEWER_SUITE containerd/$NEWER_SUITE)
    # runc stays the machine's: that of the suite needs the suite's libc.
    for package in "$fetched"/*.deb; do quietly 'unpacking it' dpkg-deb --extract "$package" "$fetched/files"; done
    # Another process may have been quicker.
    mv -T "$fetched/files" "$folder" 2>/dev/null || [ -d "$folder" ]
    rm -rf "$fetched"
  fi
  echo "$folder"
}

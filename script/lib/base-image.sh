# shellcheck shell=bash
# debian:bookworm-slim, also where no registry can be reached.

BASE_SUITE=bookworm
BASE_IMAGE=debian:$BASE_SUITE-slim

ensure_base_image() {
  local tarball=$CACHE/debian-$BASE_SUITE-slim.tar.gz
  if docker image inspect "$BASE_IMAGE" >/dev/null 2>&1; then return; fi
  if [ ! -f "$tarball" ]; then
    say "pulling $BASE_IMAGE"
    if timeout 60 docker pull -q "$BASE_IMAGE" >/dev/null 2>&1 9>&-; then return; fi
    may_install || die "$BASE_IMAGE cannot be pulled" 'check the connection to your registry, or load the image by hand'
    make_base_tarball "$tarball"
  fi
  say "importing $BASE_IMAGE"
  docker import --change 'CMD ["bash"]' "$tarball" "$BASE_IMAGE" >/dev/null
}

# make_base_tarball FILE
make_base_tarball() {
  local file=$1 tree mirror
  command -v debootstrap >/dev/null || need_packages debootstrap debootstrap
  say "$BASE_IMAGE cannot be pulled: making it from Debian's packages"
  mirror=$(machine_mirror) || die 'none of the apt sources of this machine is a Debian mirror' "load $BASE_IMAGE by hand"
  tree=$(mktemp -d "$RUN/debootstrap.XXXXXX")
  # debootstrap mounts below the tree: it is gone when it ends, and only then is removing safe.
  quietly "making $BASE_IMAGE" debootstrap --variant=minbase "$BASE_SUITE" "$tree" "$mirror"
  adapt_to_machine "$tree"
  slim "$tree"
  tar -C "$tree" --one-file-system --numeric-owner --sort=name --exclude='./dev/*' -c . | gzip -5 >"$file.$$"
  mv "$file.$$" "$file"
  rm -rf --one-file-system "$tree"
}

# The address that this machine gets its own Debian packages from.
machine_mirror() {
  derive_source "$(os_release VERSION_CODENAME)" "$BASE_SUITE" /etc/apt |
    awk '$1 == "URIs:" { print $2; exit } $1 == "deb" { for (i = 2; $i !~ /:\//; i++); print $i; exit }' | grep .
}

# Builds in containers get their packages the way that this machine does: its sources, its proxy.
adapt_to_machine() {
  local tree=$1 suite
  : >"$tree/etc/apt/sources.list"
  for suite in "" -updates -security; do
    # One stanza may name several suites; each gets its own here.
    derive_source "$(os_release VERSION_CODENAME)$suite" "$BASE_SUITE$suite" /etc/apt \
      >"$tree/etc/apt/sources.list.d/debian$suite.sources" || rm "$tree/etc/apt/sources.list.d/debian$suite.sources"
    if grep -qs '^deb ' "$tree/etc/apt/sources.list.d/debian$suite.sources"; then
      mv "$tree/etc/apt/sources.list.d/debian$suite".{sources,list}
    fi
  done
  apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-(Valid-Until|Date)) ' >"$tree/etc/apt/apt.conf.d/machine" || true
}

# What a container never reads: documents, caches; and the same for what is installed later.
slim() {
  local tree=$1
  cat >"$tree/etc/dpkg/dpkg.cfg.d/slim" <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
END
  cat >"$tree/etc/apt/apt.conf.d/slim" <<'END'
Acquire::Languages "none";
Apt::AutoRemove::SuggestsImportant "false";
Binary::apt::APT::Keep-Downloaded-Packages "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
END
  # Directories stay: some packages' scripts write manual pages' links into them.
  find "$tree"/usr/share/{man,info,locale} -type f ! -name locale.alias -delete
  find "$tree/usr/share/doc" -mindepth 2 ! -name copyright ! -type d -delete
  find "$tree/usr/share/doc" -mindepth 2 -type d -empty -delete
  rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/*.bin "$tree"/var/cache/apt/archives/*.deb
  rm -f "$tree"/var/log/*.log "$tree"/var/log/apt/* "$tree"/etc/{hostname,resolv.conf}
}

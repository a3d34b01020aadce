# shellcheck shell=bash
# Compose and buildx, the plugins of docker.

# 2.36 knows everything that the rewrite writes.
COMPOSE_AT_LEAST=2.36
compose_version() { docker compose version --short 2>/dev/null | sed 's/^v//'; }

# at_least WANTED VERSION, by major and minor
at_least() {
  local wanted=$1 major minor rest
  IFS=. read -r major minor rest <<<"${2%%-*}"
  : "$rest"
  [ "${major:-0}" -gt "${wanted%.*}" ] || { [ "${major:-0}" = "${wanted%.*}" ] && [ "${minor:-0}" -ge "${wanted#*.}" ]; }
}

ensure_compose() {
  local wanted=()
  at_least "$COMPOSE_AT_LEAST" "$(compose_version)" || wanted+=(docker-compose)
  docker buildx version >/dev/null 2>&1 || wanted+=(docker-buildx)
  [ ${#wanted[@]} -gt 0 ] || return 0
  may_install || die "missing: ${wanted[*]} (Compose >= $COMPOSE_AT_LEAST and buildx are needed)" \
    'install these plugins of docker and run this again'
  need_newer_packages 'Compose and buildx' "${wanted[@]}"
  at_least "$COMPOSE_AT_LEAST" "$(compose_version)" ||
    die "docker compose is $(compose_version || true), $COMPOSE_AT_LEAST is needed" \
      'an older plugin in ~/.docker/cli-plugins or /usr/local/lib/docker/cli-plugins stands before it: remove that one'
}

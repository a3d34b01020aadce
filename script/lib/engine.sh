# shellcheck shell=bash
# A running Docker Engine.

engine_version() { docker version --format '{{.Server.Version}}' 2>/dev/null; }

ensure_engine() {
  if command -v docker >/dev/null && engine_version >/dev/null; then return; fi
  may_install || die "no Docker Engine answers${DOCKER_HOST:+ at $DOCKER_HOST}: $(engine_complaint)" \
    'install and start Docker Engine or Docker Desktop, until "docker version" shows a server, and run this again'
  [ -z "${DOCKER_HOST:-}" ] || die "no Docker Engine answers at $DOCKER_HOST" 'unset DOCKER_HOST to get one here'
  command -v dockerd >/dev/null || need_packages 'Docker Engine' docker.io iptables
  command -v docker >/dev/null || need_packages 'the docker command' docker-cli
  say 'starting Docker Engine'
  start_engine
}

engine_complaint() {
  if command -v docker >/dev/null; then docker version 2>&1 >/dev/null | tail -n 1; else echo 'there is no docker command'; fi
}

start_engine() {
  local pid=
  if [ -d /run/systemd/system ]; then
    quietly 'starting Docker Engine' systemctl start docker
  elif ! kill -0 "$(cat /var/run/docker.pid 2>/dev/null)" 2>/dev/null; then
    # Otherwise the installation of the package has just started it.
    setsid dockerd >>"$RUN/dockerd.log" 2>&1 </dev/null 9>&- &
    pid=$!
    echo "$pid" >"$RUN/dockerd.pid"
  fi
  for _ in $(seq 150); do
    if engine_version >/dev/null; then return; fi
    if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.2
  done
  [ ! -f "$RUN/dockerd.log" ] || tail -n 15 "$RUN/dockerd.log" >&2
  rm -f "$RUN/dockerd.pid"
  die 'Docker Engine does not start' "see above and $RUN/dockerd.log"
}

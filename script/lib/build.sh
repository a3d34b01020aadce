# shellcheck shell=bash
# The programs and images of this checkout, and the link that makes docker find the plugin.

ensure_programs() { node script/build.mjs || die 'the programs cannot be built' 'see above'; }

ensure_images() { node script/build-images.mjs 9>&- || die 'the images cannot be built' 'see above'; }

ensure_link() {
  local link=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins/docker-boxer target=$ROOT/compose-plugin/docker-boxer
  if [ "$(readlink "$link" 2>/dev/null)" = "$target" ]; then return; fi
  if [ -e "$link" ] && [ ! -L "$link" ]; then die "$link is there, and no link" 'remove it and run this again'; fi
  say "linking $link"
  mkdir -p "${link%/*}"
  ln -sfn "$target" "$link"
}

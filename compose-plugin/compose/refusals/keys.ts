/** The reason why Boxer refuses a compose key, and what to do instead. */
export interface RefusedKey {
  why: string;
  hint: string;
}

const host = {
  why: 'a function has no access to the host',
  hint: 'Keep the service unboxed, or remove the key.',
};
const kernel = {
  why: 'a function runs without privileges and this cannot be changed',
  hint: 'Keep the service unboxed, or remove the key.',
};
const resolver = {
  why: "a function's resolver belongs to its platform",
  hint: 'Names of the project resolve by themselves; give further ones with x-boxer.names.',
};

/** Keys refused on services with target lambda, whatever their value. */
export const refusedOnLambda: Readonly<Record<string, RefusedKey>> = {
  privileged: kernel,
  cap_add: kernel,
  devices: host,
  device_cgroup_rules: host,
  gpus: { why: 'functions have no GPU', hint: 'Keep the service unboxed.' },
  runtime: { why: "functions bring their platform's own runtime", hint: 'Keep the service unboxed.' },
  userns_mode: kernel,
  cgroup: kernel,
  cgroup_parent: kernel,
  sysctls: kernel,
  pid: host,
  ipc: host,
  uts: host,
  use_api_socket: host,
  credential_spec: host,
  isolation: host,
  network_mode: {
    why: 'a function is reached through the networks of its service',
    hint: 'Use networks: (or nothing, for the default network).',
  },
  links: {
    why: 'aliases of links exist in one container only',
    hint: 'Give the other service the name with an alias, or x-boxer.names.',
  },
  external_links: {
    why: 'aliases of links exist in one container only',
    hint: 'Put both on one network and use the name.',
  },
  extra_hosts: {
    why: "a function's /etc/hosts cannot be changed",
    hint: 'Give a service of the project the name with an alias or x-boxer.names, or use the address itself.',
  },
  dns: resolver,
  dns_opt: resolver,
  dns_search: resolver,
  domainname: resolver,
  mac_address: { why: 'nodes have no link layer', hint: 'Remove the key.' },
  volumes_from: { why: 'volumes stay on the host', hint: 'Keep the service unboxed.' },
  provider: { why: 'a provider has no container and no image', hint: 'Remove x-boxer from this service.' },
  models: { why: 'models are served on the host', hint: 'Keep the service unboxed.' },
  pre_start: { why: 'it would run beside the container that stays behind', hint: 'Do it in the entrypoint.' },
  post_start: { why: 'it would run in the container that stays behind', hint: 'Do it in the entrypoint.' },
  pre_stop: {
    why: 'it would run in the container that stays behind',
    hint: 'Handle the stop signal instead.',
  },
  storage_opt: {
    why: "a function's root is read-only",
    hint: 'Set x-boxer.ephemeral-storage for the size of /tmp.',
  },
};

/** Keys refused on every boxed service, because the supervisor could not work with them. */
export const refusedOnBoxed: Readonly<Record<string, RefusedKey>> = {
  network_mode: {
    why: 'a boxed service is a node on the networks of the project',
    hint: 'Use networks: (or nothing, for the default network).',
  },
  provider: { why: 'a provider has no container', hint: 'Remove x-boxer from this service.' },
};

/** Keys without effect in a function: Boxer warns about them and ignores them. */
export const ignoredOnLambda: Readonly<Record<string, string>> = {
  ulimits: "limits are the platform's (1,024 descriptors, 1,024 processes)",
  shm_size: 'a function has no /dev/shm',
  oom_score_adj: 'memory is set with x-boxer.memory',
  oom_kill_disable: 'memory is set with x-boxer.memory',
  security_opt: 'a function is confined by its platform',
  group_add: "a function's user and groups are its platform's",
};

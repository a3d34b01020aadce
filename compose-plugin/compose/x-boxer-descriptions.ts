/**
 * What each key of `x-boxer` does. Editors show these texts while a key is typed
 * (`docs/x-boxer.schema.json`), and the tables of `docs/x-boxer.md` are made of them. A last sentence that
 * starts with "Default:" fills the column of defaults.
 */

/** The keys of a service. */
export const serviceKeys = {
  target:
    'Where the replicas run. `lambda`: in functions. `container`: in containers that are nodes of the ' +
    'overlay. Default: `lambda`.',
  memory:
    'Memory of one function in MB. Default: the memory limit of the service, moved into the range; 1769 ' +
    '(one vCPU) for a service without a limit.',
  timeout: 'Time in seconds after which Lambda ends a function. Default: 900.',
  lifetime:
    'Age in seconds by which another function has taken over and this one has ended. At most the timeout. ' +
    'Default: the timeout.',
  renew:
    'When the successor of a function starts. `false`: no successor starts, and the function ends with its ' +
    'timeout. Default: a successor starts.',
  'renew.before':
    'Seconds between the start of the successor and the end of the lifetime. Less than the lifetime. ' +
    'Default: 60 s and the grace period, but at most half of the lifetime.',
  'ephemeral-storage': 'Size of `/tmp` in MB. Default: 512.',
  architecture:
    "Processor of the function. The image must be built for it (`platform:`), and Boxer's runtime for it " +
    "must be present. Default: that of the service's image.",
  role: "ARN of the function's execution role on AWS. Default: the project's.",
  concurrency:
    'Reserved concurrency of the function on AWS. At most this number of replicas run at once, and AWS ' +
    "keeps this number of the account's concurrent executions for them. Default: none.",
  names: 'Additional DNS names of the replicas.',
  environment: 'Selects the environment variables that the function gets. Default: all variables.',
  'environment.include':
    'The function gets only variables whose name matches one of these patterns. `*` matches any characters.',
  'environment.exclude':
    'The function gets no variable whose name matches one of these patterns. `*` matches any characters.',
  remap:
    'Paths that the application writes, each with the path below `/tmp` that stands for it in a function, ' +
    'whose root is read-only.',
  'wait-for': 'What must be up before the application starts.',
  'wait-for.nodes':
    'Number of nodes that must be up, among those that this node sees. The node counts itself.',
  'wait-for.names': 'Number of nodes that must be up, for each name.',
  'wait-for.timeout': 'Seconds after which the wait fails. Default: 60.',
};

/** The keys of the project. */
export const projectKeys = {
  provider:
    'Where functions run. `local`: on this engine. `aws`: in AWS Lambda. The option `--provider` overrides ' +
    'it. Default: `local`.',
  region:
    'AWS region of the functions and of their images. Default: the region of the AWS configuration; ' +
    '`us-east-1` on the provider `local`.',
  role: "ARN of the functions' execution role. The provider `aws` needs it.",
  credentials:
    'AWS profile whose credentials phantoms use to invoke functions. `instance`: phantoms get no ' +
    "credentials and use the machine's (EC2, ECS). Default: the credentials of `up`.",
  network:
    'Addresses of the overlay: an IPv4 network from /8 to /16 without host bits. Default: `198.18.0.0/15`.',
  log:
    'What the seed writes to its log: `debug`, `info`, `warn`, `error` or `silent`. With `,json` behind ' +
    'the level each line is a JSON object. Default: `info`.',
  seed: 'Settings of the seed, the coordinator of the overlay.',
  'seed.advertise':
    'Address where functions on AWS reach this host: `host` or `host:port`. The port is 7070 if it is left ' +
    'out, and the ports that follow it are published, too. The provider `aws` needs this key; `local` does ' +
    'not use it.',
  'seed.store':
    'NATS servers of one cluster (JetStream, 2.11 or later) that keep the state of the seed: ' +
    '`nats://host:port,...`, or `tls://...`. Default: a volume of the project.',
  'seed.store-credentials':
    'File with the NATS credentials (`.creds`) or the nkey seed of the seed, relative to the project. The ' +
    'seed gets it as a secret.',
  'seed.replicas':
    'Number of seeds that share the store, so that one of them may fail. More than 1 needs `seed.store`. ' +
    'Default: 1.',
  'seed.metrics':
    "Port where the seed answers Prometheus (`GET /metrics`) on the project's networks. The port is not " +
    'published. `false`: no port. Default: 9464.',
  'seed.relays':
    'Number of containers that carry relayed connections between nodes in place of the seed. The seed ' +
    'still carries those to unboxed services. Default: 0.',
  'seed.relay-port':
    'TCP port of the seed and of each relay where nodes dial in for relayed connections. Set it where a ' +
    'firewall or a published port is on the way. Default: any free port; with the provider `aws` the port ' +
    'of `seed.advertise` + 1.',
  'seed.relay-ports':
    'TCP ports where relayed connections arrive, as `first-last`. A connection holds one from its ' +
    'connect() until it stands. While all are taken connect() waits, and fails with EADDRNOTAVAIL after 3 ' +
    's. Default: any free ports; with the provider `aws` 64 ports from that of `seed.advertise` + 30.',
  'seed.idle-timeout':
    'Seconds of silence after which a relayed connection is reset. TCP keep-alive finds an end that ' +
    'vanished within 25 s, with or without this key. Default: no limit.',
  'seed.stop-grace-period':
    'Time in seconds that Docker gives the seed and the relays when it stops them. Relayed connections may ' +
    'go on until 1 s before its end, and are reset then. Default: 10, of which relayed connections get the ' +
    'half.',
};

import * as z from 'zod/mini';

const names = z.record(z.string(), z.unknown());

const mount = z.looseObject({
  type: z.string(),
  source: z.optional(z.string()),
  target: z.string(),
  read_only: z.optional(z.boolean()),
});

/** A service of `docker compose config`. Only keys that the rewrite reads have types; other keys are kept. */
const service = z.looseObject({
  image: z.optional(z.string()),
  build: z.optional(z.unknown()),
  pull_policy: z.optional(z.string()),
  entrypoint: z.optional(z.nullable(z.array(z.string()))),
  command: z.optional(z.nullable(z.array(z.string()))),
  environment: z.optional(z.nullable(z.record(z.string(), z.nullable(z.string())))),
  networks: z.optional(
    z.record(z.string(), z.nullable(z.looseObject({ aliases: z.optional(z.array(z.string())) }))),
  ),
  network_mode: z.optional(z.string()),
  container_name: z.optional(z.string()),
  hostname: z.optional(z.string()),
  profiles: z.optional(z.array(z.string())),
  volumes: z.optional(z.array(mount)),
  tmpfs: z.optional(z.union([z.string(), z.array(z.string())])),
  read_only: z.optional(z.boolean()),
  stop_signal: z.optional(z.string()),
  stop_grace_period: z.optional(z.string()),
  mem_limit: z.optional(z.union([z.string(), z.number()])),
  deploy: z.optional(
    z.looseObject({
      resources: z.optional(
        z.looseObject({
          limits: z.optional(z.looseObject({ memory: z.optional(z.union([z.string(), z.number()])) })),
        }),
      ),
    }),
  ),
  depends_on: z.optional(names),
  'x-boxer': z.optional(z.unknown()),
});

/** `docker compose config`, after its `$$` escapes were undone. */
export const model = z.looseObject({
  name: z.string(),
  services: z.optional(z.record(z.string(), service)),
  networks: z.optional(names),
  volumes: z.optional(names),
  secrets: z.optional(names),
  'x-boxer': z.optional(z.unknown()),
});

export type Model = z.infer<typeof model>;
export type Service = z.infer<typeof service>;

/** Services of a model with their names, in the model's order. */
export const servicesOf = (of: Model): [string, Service][] => Object.entries(of.services ?? {});

/** The image of a service. Compose names an image without `image:` after project and service. */
export const imageOf = (of: Model, name: string, value: Service): string =>
  value.image ?? `${of.name}-${name}`;

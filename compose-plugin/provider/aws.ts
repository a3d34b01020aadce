import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MADE_FILE } from '../aws/made-file.ts';
import type { Account } from './account.ts';
import type { Provider } from './provider.ts';

// AWS's SDK takes long to load, so everything below `aws/` that uses it is imported when it is needed.

const account: Account = {
  title: 'AWS',
  note: MADE_FILE,
  push: async (work, project) => (await import('../aws/push-twins.ts')).pushTwins(work, project),
  findings: async (work, project) => (await import('../aws/doctor/doctor-aws.ts')).doctorAws(work, project),
  remove: async (...args) => (await import('../aws/teardown.ts')).removeFromAws(...args),
  whatStays: async (folder) => {
    if (!existsSync(join(folder, MADE_FILE))) return undefined;
    const [{ readMade }, { whatStays }] = await Promise.all([
      import('../aws/made.ts'),
      import('../aws/what-stays.ts'),
    ]);
    const made = readMade(folder);
    return made && whatStays(made);
  },
};

/** AWS Lambda: the plugin makes functions, from images in a repository of the account. */
export const aws: Provider = {
  name: 'aws',
  ownImages: () => [],
  isProviderOf: ({ createIfMissing }) => !createIfMissing,
  access: async (_engine, settings) => (await import('../aws/deploy.ts')).awsAccess(settings),
  start: {
    deploy: async (...args) => (await import('../aws/deploy.ts')).deploy(...args),
    equip: async ({ project }, { annotations }, { credentials }) => {
      if (credentials)
        await (await import('../aws/credentials.ts')).handOver(annotations.project, project.folder);
    },
    // `deploy` has updated them in place.
    renew: async () => {},
  },
  plan: async (work, project) => (await import('../aws/plan/plan-project.ts')).planProject(work, project),
  cost: {
    title: (region) => `On AWS in ${region}`,
    billing: async () => undefined,
  },
  probe: {
    title: (region) => `aws, ${region}`,
    withProbe: async (...args) => (await import('../aws/probe/with-probe.ts')).withAwsProbe(...args),
  },
  account,
};

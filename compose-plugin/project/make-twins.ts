import { imageOf, type Model } from '../compose/model.ts';
import type { Boxed } from '../compose/rewrite/boxed-service.ts';
import { inspectImages } from '../engine/images.ts';
import { buildTwin } from '../twin/build.ts';
import { imageRemarks } from './image-remarks.ts';
import { type Runtimes, runtimeFor } from './runtimes.ts';
import type { Work } from './work.ts';

/** Builds the missing twins one after the other, because BuildKit uses all cores for one build. */
export async function makeTwins(
  { engine, progress, warn }: Work,
  model: Model,
  boxed: readonly Boxed[],
  runtimes: Runtimes,
): Promise<void> {
  const wanted = boxed.flatMap((one) => {
    const { name, service, twin, image } = one;
    return twin === undefined
      ? []
      : [
          {
            project: model.name,
            service: name,
            image: imageOf(model, name, service),
            tag: twin,
            architecture: image.architecture,
            triggers: image.triggers,
            runtime: runtimeFor(runtimes, { name, image }),
            boxed: one,
          },
        ];
  });
  const there = await inspectImages(
    engine,
    wanted.map(({ tag }) => tag),
  );
  for (const twin of wanted) {
    if (there.has(twin.tag)) continue;
    progress(` Twin of ${twin.service}  Building`);
    await buildTwin(engine, twin, twin.runtime);
    progress(` Twin of ${twin.service}  Built`);
    for (const remark of await imageRemarks(engine, twin.boxed, twin.tag))
      warn(`docker boxer: service "${twin.service}": ${remark}`);
  }
}

import { type ReadProject, withoutImage } from '../../project/project-data.ts';
import { type WantedFunction, wantedFunctions } from '../wanted.ts';

/**
 * The functions of the selected services, and those services of which this engine has no image to plan with.
 */
export function planned({ model, annotations, boxed, selected }: ReadProject): {
  wanted: WantedFunction[];
  missingImages: string[];
} {
  const here = boxed.filter(({ name }) => selected.has(name));
  return {
    wanted: wantedFunctions(model, here, annotations.project),
    missingImages: withoutImage({ annotations, boxed, selected }),
  };
}

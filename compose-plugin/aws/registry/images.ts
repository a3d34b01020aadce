import { paginateDescribeImages } from '@aws-sdk/client-ecr';
import { call, errorName } from '../call.ts';
import type { Aws } from '../connect.ts';

/** An image in ECR. */
export interface PushedImage {
  /** `sha256:...` */
  digest: string;
  /** bytes, packed: what is stored and paid for */
  size: number;
}

/** The repository's images by tag; those without a tag are left out. */
export async function readImages(aws: Aws, repositoryName: string): Promise<Map<string, PushedImage>> {
  const images = new Map<string, PushedImage>();
  const missing = 'RepositoryNotFoundException';
  const read = async () => {
    for await (const page of paginateDescribeImages(
      { client: aws.ecr },
      { repositoryName },
      { abortSignal: aws.signal },
    )) {
      for (const { imageDigest, imageSizeInBytes, imageTags } of page.imageDetails ?? []) {
        for (const tag of imageTags ?? [])
          images.set(tag, { digest: imageDigest ?? '', size: imageSizeInBytes ?? 0 });
      }
    }
  };
  try {
    await call(aws, 'ecr:DescribeImages', read, [missing]);
  } catch (error) {
    if (errorName(error) !== missing) throw error;
  }
  return images;
}

/** Bytes that are paid for; layers that images share are counted for each. */
export const storedBytes = (images: ReadonlyMap<string, PushedImage>): number =>
  [...images.values()].reduce((sum, { size }) => sum + size, 0);

/** Tag in ECR of a twin: service and the twin's own hash, since one repository holds all services. */
export const ecrTag = (service: string, twin: string) =>
  `${service}-${twin.slice(twin.lastIndexOf(':') + 1)}`;

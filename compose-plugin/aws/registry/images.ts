import { paginateDescribeImages } from '@aws-sdk/client-ecr';
import { call, errorName } from '../call.ts';
import type { Aws } from '../connect.ts';

/** An image in ECR. */
export interface PushedImage {
  /** `sha256:...` */
  digest: string;
  /** The compressed size in bytes, which AWS charges for. */
  size: number;
}

/** Reads the repository's images by tag. Untagged images are left out. */
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

/** The sum of the images' sizes in bytes. A layer that images share is counted for each image. */
export const storedBytes = (images: ReadonlyMap<string, PushedImage>): number =>
  [...images.values()].reduce((sum, { size }) => sum + size, 0);

/** The tag of a twin in ECR: service and the twin's hash, because one repository holds all services. */
export const ecrTag = (service: string, twin: string) =>
  `${service}-${twin.slice(twin.lastIndexOf(':') + 1)}`;

/**
 * Prefers nodes that already hold the pod's images, by size.
 * Source: kubernetes pkg/scheduler/framework/plugins/imagelocality. Differs: an image's size is not scaled by how many
 * nodes hold it.
 */
import { MAX_SCORE, type ScorePlugin } from '../framework.ts'

const MEGABYTE = 1024 * 1024
const LEAST_BYTES = 23 * MEGABYTE
const MOST_BYTES_PER_CONTAINER = 1000 * MEGABYTE

/** `nginx` is listed by nodes as `nginx:latest`. */
const normalized = (image: string): string =>
  image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image

export const imageLocality: ScorePlugin = {
  name: 'ImageLocality',
  weight: 1,
  score: ({ pod }, { imageBytes }) => {
    const { containers = [], initContainers = [] } = pod.spec ?? {}
    const all = [...initContainers, ...containers]
    const present = all.reduce(
      (sum, { image = '' }) => sum + (imageBytes.get(normalized(image)) ?? 0),
      0,
    )
    const most = MOST_BYTES_PER_CONTAINER * all.length
    const bounded = Math.min(Math.max(present, LEAST_BYTES), most)
    return Math.floor((MAX_SCORE * (bounded - LEAST_BYTES)) / (most - LEAST_BYTES))
  },
}

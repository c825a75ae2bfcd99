/** Fields of the pod as files. */
import { DEFAULT_MODE, downwardFiles } from './payload.ts'
import { payloadVolume } from './payload-volume.ts'
import type { SetUp } from './volume.ts'

export const setUpDownwardAPI: SetUp = (volume, context) => {
  const { items = [], defaultMode = DEFAULT_MODE } = volume.downwardAPI ?? {}
  return payloadVolume(
    { plugin: 'downward-api', volume, context, inMemory: false },
    async () => new Map(downwardFiles(items, context.sources.fields(), defaultMode)),
  )
}

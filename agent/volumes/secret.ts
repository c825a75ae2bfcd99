/** A Secret as files, in memory only. */
import type { SecretProjection } from '#api/types/core-v1.ts'
import { DEFAULT_MODE, secretKeys, selectKeys } from './payload.ts'
import { payloadVolume } from './payload-volume.ts'
import type { Payload, SetUp, VolumeContext } from './volume.ts'

export async function secretPayload(
  source: SecretProjection,
  context: VolumeContext,
  defaultMode: number,
): Promise<Payload> {
  const name = source.name ?? ''
  const isOptional = source.optional === true
  const secret = await context.sources.secret(name)
  if (secret === undefined) {
    if (isOptional) return new Map()
    throw new Error(`secret "${name}" not found`)
  }
  return new Map(
    selectKeys(secretKeys(secret), {
      what: 'secret',
      items: source.items,
      defaultMode,
      isOptional,
    }),
  )
}

export const setUpSecret: SetUp = (volume, context) => {
  const { secretName, items, optional, defaultMode } = volume.secret ?? {}
  const source = {
    ...(secretName === undefined ? {} : { name: secretName }),
    ...(items === undefined ? {} : { items }),
    ...(optional === undefined ? {} : { optional }),
  }
  return payloadVolume({ plugin: 'secret', volume, context, inMemory: true }, () =>
    secretPayload(source, context, defaultMode ?? DEFAULT_MODE),
  )
}

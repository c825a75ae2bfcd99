/** A ConfigMap as files. */
import type { VolumeContext, Payload, SetUp } from './volume.ts'
import type { ConfigMapVolumeSource } from '#api/types/core-v1.ts'
import { configMapKeys, DEFAULT_MODE, selectKeys } from './payload.ts'
import { payloadVolume } from './payload-volume.ts'

export async function configMapPayload(
  source: ConfigMapVolumeSource,
  context: VolumeContext,
  defaultMode: number = source.defaultMode ?? DEFAULT_MODE,
): Promise<Payload> {
  const name = source.name ?? ''
  const isOptional = source.optional === true
  const configMap = await context.sources.configMap(name)
  if (configMap === undefined) {
    if (isOptional) return new Map()
    throw new Error(`configmap "${name}" not found`)
  }
  return new Map(
    selectKeys(configMapKeys(configMap), {
      what: 'configmap',
      items: source.items,
      defaultMode,
      isOptional,
    }),
  )
}

export const setUpConfigMap: SetUp = (volume, context) =>
  payloadVolume({ plugin: 'configmap', volume, context, inMemory: false }, () =>
    configMapPayload(volume.configMap ?? {}, context),
  )

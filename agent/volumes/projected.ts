/** Several sources in one folder, in memory: this is how a pod gets its service account's token. */
import type { VolumeProjection } from '#api/types/core-v1.ts'
import { configMapPayload } from './config-map.ts'
import { checkedPath, DEFAULT_MODE, downwardFiles } from './payload.ts'
import { payloadVolume } from './payload-volume.ts'
import { secretPayload } from './secret.ts'
import type { Payload, SetUp, VolumeContext } from './volume.ts'

const EXPIRATION_DEFAULT_SECONDS = 3600

export const setUpProjected: SetUp = (volume, context) => {
  const { sources = [], defaultMode = DEFAULT_MODE } = volume.projected ?? {}
  return payloadVolume({ plugin: 'projected', volume, context, inMemory: true }, async () => {
    const payloads = await Promise.all(
      sources.map(source => sourcePayload(source, context, defaultMode)),
    )
    return new Map(payloads.flatMap(payload => [...payload]))
  })
}

async function sourcePayload(
  source: VolumeProjection,
  context: VolumeContext,
  defaultMode: number,
): Promise<Payload> {
  if (source.configMap !== undefined)
    return configMapPayload(source.configMap, context, defaultMode)
  if (source.secret !== undefined) return secretPayload(source.secret, context, defaultMode)
  if (source.downwardAPI !== undefined) {
    const items = source.downwardAPI.items ?? []
    return new Map(downwardFiles(items, context.sources.fields(), defaultMode))
  }
  if (source.serviceAccountToken !== undefined) {
    const {
      path,
      audience = '',
      expirationSeconds = EXPIRATION_DEFAULT_SECONDS,
    } = source.serviceAccountToken
    const token = await context.sources.token({ audience, expirationSeconds })
    return new Map([
      [checkedPath(path), { content: Buffer.from(token), mode: tokenMode(context, defaultMode) }],
    ])
  }
  throw new Error('this kind of projected source is not supported by this node')
}

/** A group that shares the volume reads it; nobody else needs more than the mode says. */
const tokenMode = ({ pod }: VolumeContext, defaultMode: number): number =>
  pod.spec?.securityContext?.fsGroup === undefined ? defaultMode : 0o640

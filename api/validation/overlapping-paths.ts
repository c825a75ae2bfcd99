/**
 * Files that one volume is to hold at the same path, or one below another. Pure; as many are compared as anybody reads.
 * Source: kubernetes pkg/api/pod/warnings.go warningsForOverlappingVirtualPaths
 */
import type { Volume, VolumeProjection } from '#api/types/core-v1.ts'

interface Placed {
  readonly path: string
  /** '' where the volume has one source. */
  readonly source: string
}

const quoted = (text: string | undefined): string => JSON.stringify(text ?? '')

const itemsOf = (
  items: readonly { readonly path: string }[] | undefined,
  source = '',
): readonly Placed[] => (items ?? []).map(({ path }) => ({ path, source }))

function placedBy(source: VolumeProjection): readonly Placed[] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source
  if (configMap?.items !== undefined) {
    return itemsOf(configMap.items, `ConfigMap ${quoted(configMap.name)}`)
  }
  if (secret?.items !== undefined) return itemsOf(secret.items, `Secret ${quoted(secret.name)}`)
  if (downwardAPI?.items !== undefined) return itemsOf(downwardAPI.items, 'DownwardAPI')
  return serviceAccountToken === undefined
    ? []
    : [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }]
}

const shown = ({ path, source }: Placed): string =>
  source === '' ? quoted(path) : `${quoted(path)} (${source})`

/** More of them tell nobody anything. */
const COMPARED_MAX = 1000

function overlapsOf(files: readonly Placed[]): readonly string[] {
  const before: Placed[] = []
  return files.slice(0, COMPARED_MAX).flatMap(({ path: sent, source }) => {
    const file = { path: sent.replace(/\/+$/, ''), source }
    const clashes = before.filter(
      other =>
        file.path !== '' &&
        other.path !== '' &&
        (`${other.path}/`.startsWith(`${file.path}/`) ||
          `${file.path}/`.startsWith(`${other.path}/`)),
    )
    before.push(file)
    return clashes.map(other => `${shown(file)} with ${shown(other)}`)
  })
}

function volumeOverlaps(volume: Volume): readonly string[] {
  const { name, configMap, secret, downwardAPI, projected } = volume
  const warn = (what: string, files: readonly Placed[]): readonly string[] =>
    overlapsOf(files).map(
      overlap => `volume ${quoted(name)} (${what}): overlapping paths: ${overlap}`,
    )
  const sources = projected?.sources ?? []
  const none = `volume ${quoted(name)} (Projected) has no sources provided`
  return [
    ...warn(`ConfigMap ${quoted(configMap?.name)}`, itemsOf(configMap?.items)),
    ...warn(`Secret ${quoted(secret?.secretName)}`, itemsOf(secret?.items)),
    ...warn('DownwardAPI', itemsOf(downwardAPI?.items)),
    ...sources.filter(source => Object.keys(source).length === 0).map(() => none),
    ...warn('Projected', sources.flatMap(placedBy)),
  ]
}

export const overlapWarnings = (volumes: readonly Volume[]): readonly string[] =>
  volumes.flatMap(volumeOverlaps)

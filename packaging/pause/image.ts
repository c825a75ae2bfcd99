/**
 * Images as `docker load` reads them, made from entries of a root file system: one layer, one configuration.
 * The sandbox image is one of them. Pure: the same input gives the same image id everywhere.
 * Source: Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format"
 */
import { createHash } from 'node:crypto'
import { elfExecutable } from './elf.ts'
import { machineCode, type Architecture } from './program.ts'
import { tarArchive, type TarEntry } from './tar.ts'

export const PAUSE_IMAGE = 'kites/pause:1'

/** Go's names, which images carry. */
const GOARCH: Readonly<Record<Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }

export interface ImageOptions {
  /** `name:tag` */
  readonly reference: string
  readonly architecture: Architecture
  readonly entries: readonly TarEntry[]
  readonly config: {
    readonly Entrypoint?: readonly string[]
    readonly Cmd?: readonly string[]
    readonly Env?: readonly string[]
    readonly User?: string
    readonly WorkingDir?: string
  }
}

/** The archive that `POST /images/load` takes. */
export function imageArchive(options: ImageOptions): Buffer {
  const layer = tarArchive(options.entries)
  const config = Buffer.from(
    JSON.stringify({
      architecture: GOARCH[options.architecture],
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: options.config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'kites' }],
    }),
  )
  const configName = `${sha256(config)}.json`
  const manifest = [{ Config: configName, RepoTags: [options.reference], Layers: ['layer.tar'] }]
  return tarArchive([
    file('manifest.json', Buffer.from(JSON.stringify(manifest))),
    file(configName, config),
    file('layer.tar', layer),
  ])
}

export const pauseImageArchive = (architecture: Architecture): Buffer =>
  imageArchive({
    reference: PAUSE_IMAGE,
    architecture,
    entries: [
      {
        kind: 'file',
        path: 'pause',
        mode: 0o755,
        content: elfExecutable(architecture, machineCode(architecture)),
      },
    ],
    config: { Entrypoint: ['/pause'], User: '65535:65535' },
  })

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const file = (path: string, content: Buffer): TarEntry => ({
  kind: 'file',
  path,
  mode: 0o644,
  content,
})

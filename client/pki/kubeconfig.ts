/**
 * kubeconfig files with one cluster, user and context: written for the administrator and for agents, and read back.
 *
 * Writing needs no YAML library, so that starting a server loads none. Reading takes what kubectl takes: YAML or JSON,
 * data inline or in files, the current context.
 * Throws  KubeconfigError with a line for the user.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Fields, listOf, recordOf } from '#api/values.ts'
import { yamlFault } from '#base/errors.ts'
import { writeSecretFile } from './files.ts'

export interface KubeconfigEntry {
  /** `https://127.0.0.1:6443` */
  readonly server: string
  /** PEM; undefined trusts the system's authorities. */
  readonly ca?: string
  /** PEM. */
  readonly cert?: string
  readonly key?: string
  readonly token?: string
  readonly namespace?: string
}

export class KubeconfigError extends Error {}

/** Text of a kubeconfig whose cluster, user and context are all called `name`. */
export function renderKubeconfig(entry: KubeconfigEntry, name = 'default'): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const line = (key: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`    ${key}: ${value}`]
  const data = (key: string, pem: string | undefined): string[] =>
    line(key, pem === undefined ? undefined : base64(pem))
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '- cluster:',
    ...data('certificate-authority-data', entry.ca),
    `    server: ${entry.server}`,
    `  name: ${name}`,
    'contexts:',
    '- context:',
    `    cluster: ${name}`,
    ...line('namespace', entry.namespace),
    `    user: ${name}`,
    `  name: ${name}`,
    `current-context: ${name}`,
    'preferences: {}',
    'users:',
    `- name: ${name}`,
    '  user:',
    ...data('client-certificate-data', entry.cert),
    ...data('client-key-data', entry.key),
    ...line('token', entry.token),
    '',
  ].join('\n')
}

export interface KubeconfigFile {
  readonly path: string
  readonly entry: KubeconfigEntry
  /** File mode; 0600 when absent. */
  readonly mode?: number
  readonly name?: string
}

/** The folder, when it has to be made, is open to others: the file's own mode protects it. */
export function writeKubeconfig(file: KubeconfigFile): void {
  mkdirSync(dirname(file.path), { recursive: true })
  writeSecretFile(file.path, renderKubeconfig(file.entry, file.name), file.mode)
}

/** Reads the current (or named) context of a kubeconfig file. */
export async function readKubeconfig(path: string, contextName?: string): Promise<KubeconfigEntry> {
  const { load } = await import('js-yaml')
  const text = readText(path)
  return parseKubeconfig(parsed(load, text, path), { folder: dirname(path), contextName })
}

function parsed(load: (text: string) => unknown, text: string, path: string): unknown {
  try {
    return load(text)
  } catch (cause) {
    throw new KubeconfigError(`kubeconfig ${path}: ${yamlFault(cause)}`, { cause })
  }
}

export interface ParseOptions {
  /** Relative file names in the document are relative to this folder. */
  readonly folder: string
  readonly contextName: string | undefined
}

/** The entry of a decoded kubeconfig document. */
export function parseKubeconfig(document: unknown, options: ParseOptions): KubeconfigEntry {
  const root = recordOf(document)
  const contextName = options.contextName ?? filled(root['current-context'])
  if (contextName === undefined) throw new KubeconfigError('kubeconfig has no current-context')
  const context = named(root, 'contexts', contextName, 'context')
  const cluster = named(root, 'clusters', filled(context['cluster']) ?? '', 'cluster')
  const user = named(root, 'users', filled(context['user']) ?? '', 'user')
  const server = filled(cluster['server'])
  if (server === undefined) throw new KubeconfigError('kubeconfig has no server address')
  if (!/^https?:$/.test(URL.parse(server)?.protocol ?? ''))
    throw new KubeconfigError(`kubeconfig: the server must be https://HOST:PORT, not "${server}"`)
  const ca = dataOrFile(cluster, 'certificate-authority', options.folder)
  const cert = dataOrFile(user, 'client-certificate', options.folder)
  const key = dataOrFile(user, 'client-key', options.folder)
  const token = filled(user['token']) ?? tokenFile(user, options.folder)
  const namespace = filled(context['namespace'])
  return {
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(namespace === undefined ? {} : { namespace }),
  }
}

function named(root: Fields, list: string, name: string, key: string): Fields {
  const found = listOf(root[list])
    .map(recordOf)
    .find(entry => entry['name'] === name)
  if (found === undefined) throw new KubeconfigError(`kubeconfig has no ${key} "${name}"`)
  return recordOf(found[key])
}

function dataOrFile(fields: Fields, key: string, folder: string): string | undefined {
  const data = filled(fields[`${key}-data`])
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  const path = filled(fields[key])
  return path === undefined ? undefined : readText(resolve(folder, path))
}

function tokenFile(user: Fields, folder: string): string | undefined {
  const path = filled(user['tokenFile'])
  return path === undefined ? undefined : readText(resolve(folder, path)).trim()
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new KubeconfigError(`cannot read ${path}`, { cause })
  }
}

const filled = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/**
 * The administrator's kubeconfig: written at start, and again whenever his certificate was renewed.
 * A file that cannot be written is logged with what to do: the server serves all the same.
 */
import type { Logger } from '#base/logger.ts'
import { writeKubeconfig } from '#client/pki/kubeconfig.ts'
import type { Pki } from './pki.ts'

export interface AdminKubeconfigOptions {
  /** `--write-kubeconfig` */
  readonly path: string
  /** `--write-kubeconfig-mode`; 0600 when absent. */
  readonly mode?: number
  /** Name of cluster, user and context; `default` when absent. */
  readonly name?: string
  /** `https://127.0.0.1:6443` */
  readonly serverUrl: string
  readonly log: Logger
}

/** Returns the way to stop following renewals. */
export function keepAdminKubeconfig(
  pki: Pick<Pki, 'admin' | 'serverCA' | 'onRenew'>,
  options: AdminKubeconfigOptions,
): () => void {
  const write = (): void => {
    const { cert, key } = pki.admin()
    writeKubeconfig({
      path: options.path,
      entry: { server: options.serverUrl, ca: pki.serverCA.pem, cert, key },
      ...(options.mode === undefined ? {} : { mode: options.mode }),
      ...(options.name === undefined ? {} : { name: options.name }),
    })
  }
  const keep = (): void => {
    try {
      write()
    } catch (error) {
      const { path } = options
      options.log.error('cannot write the kubeconfig; choose a place with --write-kubeconfig', {
        path,
        error,
      })
    }
  }
  keep()
  return pki.onRenew(keep)
}

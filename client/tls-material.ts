/** The TLS files of one identity, as PEM text: whom we trust and who we are. Types only. */
export interface TlsMaterial {
  readonly ca: readonly string[]
  readonly cert?: string
  readonly key?: string
}

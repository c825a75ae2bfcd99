/** What can go wrong between us and the kernel's nftables, and the timers this library is handed. */

export class NftError extends Error {
  /**
   * `refused`: the kernel or nft said no, nothing was changed. `unavailable`: the way to the kernel broke; whether the
   * transaction happened is unknown.
   */
  readonly code: 'refused' | 'unavailable'

  constructor(code: NftError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NftError'
    this.code = code
  }
}

/** nft's text for a table that is not there. nft never sets a locale, so this is English everywhere. */
export const isMissing = (text: string): boolean => text.includes('No such file or directory')

/** A clock's timers; anything with this method will do. */
export interface Timers {
  after(delayMs: number, task: () => void): { cancel(): void }
}

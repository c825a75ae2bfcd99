/**
 * libnftables through koffi: one call is one atomic transaction, without starting a process.
 * Owns: one nft context. Not safe for concurrent calls; meant for the child process that `nft-child.ts` is.
 *
 * Throws  Error when koffi or the library cannot be loaded; refused transactions are results, not exceptions.
 */
import koffi from 'koffi'

const LIBRARY = 'libnftables.so.1'
const OUTPUT_JSON = 1 << 4

export interface NftOutcome {
  readonly ok: boolean
  /** What it printed; the error text when not ok. */
  readonly text: string
}

export interface Libnftables {
  run(commands: string): NftOutcome
  /** `list table` as JSON. */
  list(table: string): NftOutcome
}

export function openLibnftables(): Libnftables {
  const library = koffi.load(LIBRARY)
  const create = library.func('void *nft_ctx_new(uint32_t flags)')
  const bufferOutput = library.func('int nft_ctx_buffer_output(void *ctx)')
  const bufferError = library.func('int nft_ctx_buffer_error(void *ctx)')
  const output = library.func('const char *nft_ctx_get_output_buffer(void *ctx)')
  const error = library.func('const char *nft_ctx_get_error_buffer(void *ctx)')
  const setFlags = library.func('void nft_ctx_output_set_flags(void *ctx, unsigned int flags)')
  const execute = library.func('int nft_run_cmd_from_buffer(void *ctx, const char *buf)')
  const context: unknown = create(0)
  bufferOutput(context)
  bufferError(context)
  const call = (commands: string): NftOutcome => {
    const ok = execute(context, commands) === 0
    return { ok, text: String(ok ? output(context) : error(context)) }
  }
  return {
    run: call,
    list(table) {
      setFlags(context, OUTPUT_JSON)
      try {
        return call(`list table ${table}`)
      } finally {
        setFlags(context, 0)
      }
    },
  }
}

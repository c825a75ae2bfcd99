/** Text of moments, as the API writes them. Pure. */

/** RFC 3339 with seconds, the form of `metav1.Time` (`2026-01-02T03:04:05Z`). */
export const rfc3339 = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 19)}Z`

/** RFC 3339 with microseconds, the form of `metav1.MicroTime` (`2026-01-02T03:04:05.678000Z`). */
export const rfc3339Micro = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 23)}000Z`
